/** Results as a file, as lines for a terminal, and as a Markdown table of all runtimes. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type RuntimeName, runtimeNames } from "./machine.ts";
import { digits, type Measurement } from "./measurement.ts";

export interface Results {
  readonly runtime: RuntimeName;
  readonly version: string;
  readonly machine: string;
  readonly measurements: readonly Measurement[];
}

/** Writes results beside those that other runtimes left in the file. */
export function saveResults(path: string, results: Results): void {
  const others = existsSync(path)
    ? readResults(path).filter(({ runtime }) => runtime !== results.runtime)
    : [];
  const all = [...others, results].sort((a, b) =>
    runtimeNames.indexOf(a.runtime) - runtimeNames.indexOf(b.runtime)
  );
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(all, null, 2) + "\n");
}

export function readResults(path: string): Results[] {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** One measurement as a line. */
export function lineOf({ name, unit, value, best, limit, ratio, ratioSpread, goal }: Measurement): string {
  if (value === null) return name;
  const parts = [`${name.padEnd(62)} ${`${digits(value)} ${unit}`.padStart(14)}`];
  if (best !== null && best !== value) parts.push(`best ${digits(best)}`);
  if (limit !== null) parts.push(`${limit.name} ${digits(limit.value)}`);
  const spread = ratioSpread === undefined
    ? ""
    : ` (${ratioSpread.map((each) => each.toFixed(2)).join(" to ")})`;
  if (ratio !== null) parts.push(`× ${ratio.toFixed(2)}${spread}`);
  if (goal !== null) parts.push(`${goal.text}: ${goal.isReached ? "reached" : "MISSED"}`);
  return parts.join(", ");
}

/** A row for each measurement, with the runtimes side by side. */
export function tableOf(results: readonly Results[]): string {
  const names = [...new Set(results.flatMap(({ measurements }) => measurements.map(({ name }) => name)))];
  const runtimes = results.map(({ runtime, version }) => `${runtime} ${version}`);
  const header = ["", "unit", ...runtimes, "the limit", "× the limit", "goal"];
  const rows = names.map((name) => {
    const found = results.map(({ measurements }) => measurements.find((each) => each.name === name) ?? null);
    return rowOf(name, found);
  });
  const machines = [...new Set(results.map(({ machine }) => machine))];
  return [
    ...[header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `Medians, and in brackets the best round. Measured on ${machines.join(", and on ")}.`,
  ].join("\n");
}

/** `found` has a place for each runtime; null where it has no such measurement. */
function rowOf(name: string, found: readonly (Measurement | null)[]): string[] {
  const first = found.find((each) => each !== null)!;
  const all = (show: (each: Measurement) => string | null): string => {
    const shown = found.map((each) => each === null ? null : show(each));
    return shown.every((cell) => cell === null) ? "" : shown.map((cell) => cell ?? "–").join(" / ");
  };
  const limits = all(({ limit }) => limit === null ? null : digits(limit.value));
  const ratios = all(({ ratio }) => ratio === null ? null : ratio.toFixed(2));
  return [
    name,
    first.unit,
    ...found.map((each) => each === null ? "–" : valueOf(each)),
    first.limit === null ? "" : `${first.limit.name}: ${limits}`,
    ratios,
    goalOf(found),
  ];
}

function valueOf({ value, best }: Measurement): string {
  if (value === null || best === null) return "–";
  return best === value ? digits(value) : `${digits(value)} (${digits(best)})`;
}

/** The goal of each runtime where they differ, and whether each reached it. */
function goalOf(found: readonly (Measurement | null)[]): string {
  const goals = found.flatMap((each) => each?.goal ?? []);
  const texts = [...new Set(goals.map(({ text }) => text))];
  const outcomes = [...new Set(goals.map(({ isReached }) => isReached ? "reached" : "missed"))];
  if (texts.length === 0) return "";
  const outcome = outcomes.length === 1
    ? outcomes[0]
    : goals.map((goal) => goal.isReached ? "reached" : "missed").join(" / ");
  return `${texts.join(" / ")}: ${outcome}`;
}
