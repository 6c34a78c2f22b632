/** Options of a sampler in the page's address, and those to begin with. */
import type { FieldOverview, Overview } from "../../protocol.ts";

export type Options = Readonly<Record<string, unknown>>;

/** How a field comes in batches. */
export interface FieldOption {
  readonly width: number;
  readonly dtype?: string;
  readonly offsets?: readonly number[];
}

const stepsByDefault = 16;
const windowsByDefault = 8;
/** Wider fields are not chosen at first. */
const widthMax = 64;
const fieldsMax = 12;

/** Names that say by custom where an episode ends, and of which one a row is. */
const ends = /^(next\.)?(done|terminated|truncated|terminal|timeout|is_last|last)s?$/i;
const ids = /^(episode|trajectory|traj)(_?(index|id))?$/i;

/** The rule that the names of fields speak for. */
export function usualEpisodes(fields: readonly FieldOverview[]): { end: string[] } | { id: string } | null {
  const end = fields.filter(({ name, isList }) => ends.test(name) && isList !== true).map(({ name }) => name);
  const id = fields.find(({ name, isList }) => ids.test(name) && isList !== true)?.name;
  return id !== undefined ? { id } : end.length > 0 ? { end } : null;
}

/** Windows of a few rows, of all fields that are no numbers of something. */
export function usualOptions({ fields }: Overview): Options {
  const episodes = usualEpisodes(fields);
  const chosen = fields.filter(({ width }) => (width?.[1] ?? 1) <= widthMax).slice(0, fieldsMax);
  return {
    steps: stepsByDefault,
    fields: Object.fromEntries(chosen.map((field) => [field.name, widthOf(field)])),
    ...(episodes !== null && { episodes, boundary: "pad-left" }),
    order: "uniform",
    batchSize: windowsByDefault,
    seed: 0,
  };
}

export const widthOf = ({ width }: FieldOverview): number => width?.[1] ?? 1;

/** Those of the address, or the usual ones. */
export function optionsOf(text: string | undefined, overview: Overview): Options {
  if (text === undefined) return usualOptions(overview);
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Options;
  } catch {
    // As if there were none.
  }
  return usualOptions(overview);
}

/** `8`, or `{ width: 8, … }`. */
export function fieldOption(given: unknown): FieldOption {
  return typeof given === "object" && given !== null ? given as FieldOption : { width: Number(given) };
}

/** What the library takes: a number where there is nothing but the width. */
export function plainField({ width, dtype, offsets }: FieldOption): number | FieldOption {
  return dtype === undefined && offsets === undefined
    ? width
    : { width, ...(dtype !== undefined && { dtype }), ...(offsets !== undefined && { offsets }) };
}

/** `-1, 0` or `0..15`; undefined for nothing, null for what is neither. */
export function parseOffsets(text: string): number[] | undefined | null {
  if (text.trim() === "") return undefined;
  const [, from, to] = /^\s*(-?\d{1,9})\s*\.\.\s*(-?\d{1,9})\s*$/.exec(text) ?? [];
  if (from !== undefined) {
    const [first, last] = [Number(from), Number(to)];
    return first <= last && last - first < 4096
      ? Array.from({ length: last - first + 1 }, (_, i) => first + i)
      : null;
  }
  const parts = text.split(",").map((part) => part.trim());
  return parts.every((part) => /^-?\d{1,9}$/.test(part)) ? parts.map(Number) : null;
}

/** The shorter of the two ways to write them. */
export function offsetsText(offsets: readonly number[] | undefined): string {
  if (offsets === undefined) return "";
  const isRange = offsets.length > 2 && offsets.every((offset, i) => offset === offsets[0] + i);
  return isRange ? `${offsets[0]}..${offsets[offsets.length - 1]}` : offsets.join(", ");
}
