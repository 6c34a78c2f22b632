/** The store that a verb is about. */
import { StreamStore } from "../store.ts";
import { checkName, UsageError } from "./exit.ts";

/** Opens a store to read, does something with it, and closes it. */
export async function withStore<Result>(
  path: string,
  use: (store: StreamStore) => Result | Promise<Result>,
): Promise<Result> {
  using store = StreamStore.open(path, { mode: "read" });
  return await use(store);
}

/** The same with several. */
export async function withStores<Result>(
  paths: readonly string[],
  use: (stores: readonly StreamStore[]) => Result | Promise<Result>,
): Promise<Result> {
  const stores: StreamStore[] = [];
  try {
    for (const path of paths) stores.push(StreamStore.open(path, { mode: "read" }));
    return await use(stores);
  } finally {
    for (const store of stores) store.close();
  }
}

/** Columns that rows are shown with: fields in field order, then extras. */
export interface ShownColumns {
  readonly fields: StreamStore["fields"];
  readonly extras: StreamStore["extras"];
}

/** All columns of a store, or those that are named. */
export function chooseColumns(store: StreamStore, asked: readonly string[] | undefined): ShownColumns {
  const { fields, extras } = store;
  if (asked === undefined) return { fields, extras };
  const known = [...fields, ...extras].map(({ name }) => name);
  for (const name of asked) checkName("field or extra", name, known);
  const isAsked = ({ name }: { readonly name: string }) => asked.includes(name);
  return { fields: fields.filter(isAsked), extras: extras.filter(isAsked) };
}

/** The fields of a store that are named, or all. */
export function chooseFields(store: StreamStore, asked: readonly string[] | undefined): string[] {
  const known = store.fields.map(({ name }) => name);
  for (const name of asked ?? []) checkName("field", name, known);
  return known.filter((name) => asked === undefined || asked.includes(name));
}

/** Names with commas between them; an option that is given again adds to them. */
export function namesOf(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(",").map((name) => name.trim()).filter((name) => name !== "")];
}

/** A whole number of an option. */
export function wholeNumber(text: string): number {
  const number = Number(text.replaceAll("_", ""));
  if (/^\d[\d_]*$/.test(text) && Number.isSafeInteger(number)) return number;
  throw new UsageError(`A whole number must be given, got "${text}"`);
}

/** Rows `a:b`, without the last, either of which may be left out; negative ones count from the end. */
export function rowRange(
  store: Pick<StreamStore, "firstRow" | "rowCount">,
  text: string | undefined,
): [number, number] {
  const { firstRow, rowCount } = store;
  if (text === undefined) return [firstRow, rowCount];
  const [, from, to] = /^(-?\d*):(-?\d*)$/.exec(text) ?? [];
  if (from === undefined) throw new UsageError(`Rows must be given as from:to, got "${text}"`);
  const place = (given: string, otherwise: number) => {
    if (given === "" || given === "-") return otherwise;
    const row = Number(given);
    return Math.min(rowCount, Math.max(firstRow, row < 0 || Object.is(row, -0) ? rowCount + row : row));
  };
  const range: [number, number] = [place(from, firstRow), place(to, rowCount)];
  return range[0] <= range[1] ? range : [range[0], range[0]];
}

/** Whole numbers with commas between them, or from the first to the last as `0..15`. */
export function numbersOf(text: string): number[] {
  const range = /^(-?\d+)\.\.(-?\d+)$/.exec(text);
  if (range !== null) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    if (from <= to && to - from < 100_000) return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  } else if (/^-?\d+(,-?\d+)*$/.test(text)) return text.split(",").map(Number);
  throw new UsageError(`Whole numbers must be given as -1,0 or 0..15, got "${text}"`);
}
