/** How cost grows: the same is measured at several sizes, in turn, each beside the smallest of them. */
import { type Round, sampleOf, takeTurns } from "./harness.ts";
import { digits, type Growth, type Measurement, measurementOf, type Unit } from "./measurement.ts";
import type { Results } from "./report.ts";

/** Something whose cost is measured at places of different sizes. */
export interface Subject<Place> {
  readonly what: string;
  readonly unit: Unit;
  readonly rounds: number;
  readonly round: (place: Place) => ReturnType<Round>;
}

/** Is told of each measurement once it is made. */
export type Show = (found: Measurement) => void;

/** What is called flat: caches, and the tables in which processors look addresses up, are as large as they are. */
const flatRatioMax = 1.5;

/** Measures a subject at all places, from the smallest on. */
export async function grow<Place extends { readonly count: number }>(
  by: Growth["by"],
  places: readonly Place[],
  { what, unit, rounds, round }: Subject<Place>,
  show: Show,
): Promise<Measurement[]> {
  const times = await takeTurns(rounds, places.map((place) => () => round(place)));
  const found = places.map(({ count }, i) =>
    growthOf({ what, by, count }, unit, times[i], times[0], places[0].count)
  );
  found.forEach(show);
  return found;
}

/** Of the rounds at one size, and those at the smallest. */
export function growthOf(
  growth: Growth,
  unit: Unit,
  times: readonly number[],
  first: readonly number[],
  firstCount: number,
): Measurement {
  const { what, by, count } = growth;
  const limit = `at ${firstCount.toLocaleString("en")}`;
  const goal = { ratioMax: flatRatioMax, text: `≤ ${flatRatioMax} × the first` };
  const name = `${what}, ${count.toLocaleString("en")} ${count === 1 ? by.slice(0, -1) : by}`;
  return { ...measurementOf(name, unit, sampleOf(times, first), { limit, goal }), growth };
}

/** A row for each subject: what it takes at the first size, and how many times that at the others. */
export function growthTableOf(results: readonly Results[], by: Growth["by"]): string | null {
  const all = results.map(({ measurements }) => measurements.filter(({ growth }) => growth?.by === by));
  const known = all.flat().map(({ growth }) => growth!);
  if (known.length === 0) return null;
  const counts = [...new Set(known.map(({ count }) => count))].sort((a, b) => a - b);
  const subjects = [...new Set(known.map(({ what }) => what))];
  const header = [
    `by ${by}`,
    "unit",
    `at ${shortCount(counts[0])}`,
    ...counts.slice(1).map((count) => `× at ${shortCount(count)}`),
  ];
  const rows = subjects.map((what) => {
    const at = (count: number, show: (found: Measurement) => string) =>
      all.map((measurements) => {
        const found = measurements.find(({ growth }) => growth!.what === what && growth!.count === count);
        return found === undefined ? "–" : show(found);
      }).join(" / ");
    const unit = all.flat().find(({ growth }) => growth!.what === what)!.unit;
    return [
      what,
      unit,
      at(counts[0], ({ value }) => digits(value!)),
      ...counts.slice(1).map((count) => at(count, ({ ratio }) => ratio!.toFixed(2))),
    ];
  });
  const lines = [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const runtimes = results.map(({ runtime, version }) => `${runtime} ${version}`).join(" / ");
  return [...lines, "", `Medians: ${runtimes}.`].join("\n");
}

/** 1,000,000 as "1 M". */
export function shortCount(count: number): string {
  const unit = [[1e9, " B"], [1e6, " M"]].find(([size]) => count >= Number(size));
  return unit === undefined ? count.toLocaleString("en") : `${count / Number(unit[0])}${unit[1]}`;
}
