/** A series has the same colour wherever it is shown, whatever else is shown beside it. */

const colourCount = 8;

/** The custom property of a series' colour: by the place of its field among all of the store, and its own among them. */
export function colourName(fields: readonly string[], series: string): string {
  const [, name, element = "0"] = /^(.*?)(?:\[(\d+)\])?$/s.exec(series)!;
  const place = fields.includes(series) ? fields.indexOf(series) : fields.indexOf(name) + Number(element);
  return `--series-${Math.max(0, place) % colourCount}`;
}
