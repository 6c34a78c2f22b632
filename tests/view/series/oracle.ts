/** Columns of charts by plain loops over the rows that a store gives, and stores to be charted. */
import { type Dtype, dtypeNames } from "../../../src/dtypes.ts";
import type { StreamStore } from "../../../mod.ts";
import type { Random } from "../../support/support.ts";

/** Of each column first, last, min, max and count, as `[5, columns]`; by integers that are exact. */
export function columnsOf(
  values: ReadonlyMap<number, number>,
  from: number,
  to: number,
  columns: number,
): number[] {
  const found = Array.from({ length: columns }, (): number[] => []);
  for (const [row, value] of values) {
    if (row < from || row >= to || !Number.isFinite(value)) continue;
    found[Number(BigInt(row - from) * BigInt(columns) / BigInt(to - from))].push(value);
  }
  return [
    ...found.map((column) => column.length > 0 ? column[0] : NaN),
    ...found.map((column) => column.length > 0 ? column[column.length - 1] : NaN),
    ...found.map((column) => column.length > 0 ? column.reduce((a, b) => b < a ? b : a) : NaN),
    ...found.map((column) => column.length > 0 ? column.reduce((a, b) => b > a ? b : a) : NaN),
    ...found.map((column) => column.length),
  ];
}

/** An element of a field in all rows that have one, in the order of rows. */
export function valuesOf(store: StreamStore, name: string, element: number): Map<number, number> {
  const values = new Map<number, number>();
  store.rows().forEach((row, i) => {
    const held: unknown = (row as unknown as Record<string, unknown>)[name];
    const value = typeof held === "object" && held !== null
      ? (held as ArrayLike<number | bigint>)[element]
      : element === 0
      ? held as number | bigint | boolean | null | undefined
      : undefined;
    if (value !== undefined && value !== null) values.set(store.firstRow + i, Number(value));
  });
  return values;
}

/** A value that a field of a dtype holds; of floats some that are not finite. */
export function valueOf(dtype: Dtype, random: Random): number | bigint | boolean {
  if (dtype === "bool") return random.below(2) === 1;
  if (dtype.startsWith("float")) {
    const rare = [NaN, Infinity, -Infinity, 0, -0];
    return random.below(6) === 0
      ? rare[random.below(rare.length)]
      : (random.float() - 0.5) * 10 ** random.below(5);
  }
  const bits = Number(dtype.replace(/\D/g, ""));
  if (bits === 64) return BigInt(random.below(2 ** 31)) << BigInt(random.below(32));
  const most = dtype.startsWith("uint") ? 2 ** bits : 2 ** (bits - 1);
  return random.below(most) - (dtype.startsWith("uint") ? 0 : random.below(most));
}

export const dtypes: readonly Dtype[] = dtypeNames;

/** Appends rows: in runs of one shape, so that blocks of one layout come, and of any. */
export function appendRows(
  store: StreamStore,
  dtype: { readonly list: Dtype; readonly one: Dtype },
  count: number,
  random: Random,
): void {
  let step = store.rowCount === 0 ? 0 : Number(store.row(store.rowCount - 1).step) + 1;
  for (let left = count; left > 0;) {
    const run = Math.min(left, 1 + random.below(random.below(3) === 0 ? 6000 : 400));
    const isEven = random.below(2) === 0;
    // A field that few rows have leaves buckets without any value.
    const isRare = random.below(3) === 0;
    const width = random.below(4);
    for (let i = 0; i < run; i++) {
      const values: Record<string, unknown> = {};
      const length = isEven ? width : random.below(4);
      if (isEven || random.below(3) > 0) {
        values.list = Array.from({ length }, () => valueOf(dtype.list, random));
      }
      if (isRare ? random.below(900) === 0 : isEven || random.below(3) > 0) {
        values.one = valueOf(dtype.one, random);
      }
      store.append(step++, values as never);
    }
    left -= run;
  }
}
