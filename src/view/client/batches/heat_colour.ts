/** Colours of a heat map: viridis, of Smith and van der Walt, which colour-blind eyes and grey printers tell apart. */

export type Colour = readonly [red: number, green: number, blue: number];

const stops: readonly Colour[] = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 73, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [110, 206, 88],
  [181, 222, 43],
  [253, 231, 37],
];

/** The colour of a part from 0 to 1 of the way from the least to the greatest value. */
export function heatColour(part: number): Colour {
  const place = Math.min(1, Math.max(0, part)) * (stops.length - 1);
  const at = Math.min(stops.length - 2, Math.floor(place));
  const [one, other] = [stops[at], stops[at + 1]];
  const mixed = (i: 0 | 1 | 2) => Math.round(one[i] + (other[i] - one[i]) * (place - at));
  return [mixed(0), mixed(1), mixed(2)];
}

export const cssColour = ([red, green, blue]: Colour): string => `rgb(${red} ${green} ${blue})`;

/** The legend's background, from the least to the greatest. */
export const heatGradient = `linear-gradient(90deg, ${stops.map(cssColour).join(", ")})`;
