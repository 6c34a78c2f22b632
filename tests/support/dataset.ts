import { type Data, type Table, Type } from "apache-arrow";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Feature } from "../../mod.ts";

/** A value as text: an integer in decimal, a float as the digits of its own bits; lists as lists. */
export type Bits = string | null | readonly Bits[];

/** Every value of a column, read row by row from the buffers, so that no conversion can hide a changed bit. */
export function columnBits(table: Table, name: string): Bits[] {
  const vector = table.getChild(name)!;
  return vector.data.flatMap((data) => Array.from({ length: data.length }, (_, row) => entryBits(data, row)));
}

function entryBits(data: Data, index: number): Bits {
  if (data.type.typeId === Type.Null || !isValid(data, index)) return null;
  const [child] = data.children;
  if (child === undefined) return leafBits(data, index);
  const { valueOffsets } = data;
  const [from, to] = valueOffsets === undefined
    ? [index * data.stride, (index + 1) * data.stride]
    : [Number(valueOffsets[index]), Number(valueOffsets[index + 1])];
  return Array.from({ length: to - from }, (_, i) => entryBits(child, from + i));
}

function isValid({ nullBitmap, offset, nullCount }: Data, index: number): boolean {
  if (nullCount === 0 || !nullBitmap || nullBitmap.length === 0) return true;
  return (nullBitmap[(offset + index) >> 3] >> ((offset + index) & 7) & 1) === 1;
}

function leafBits(data: Data, index: number): string {
  const { values, type } = data;
  if (type.typeId === Type.Bool) {
    const bit = data.offset + index;
    return String(values[bit >> 3] >> (bit & 7) & 1);
  }
  if (type.typeId !== Type.Float) return String(values[index]);
  const width = values.BYTES_PER_ELEMENT as 2 | 4 | 8;
  const Words = { 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[width];
  const words = new (Words as Uint32ArrayConstructor)(values.buffer, values.byteOffset, values.length);
  return words[index].toString(16).padStart(2 * width, "0");
}

/** What Python wrote, and what it says is in there; see tests/fixtures/make.py. */
export const expected: Record<string, Record<string, { readonly feature: Feature; readonly rows: Bits[] }>> =
  JSON
    .parse(readFileSync(fixture("expected.json"), "utf8"));

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/**
 * Files that nobody of the project wrote, and that are no part of it: `lerobot-g1`, `lerobot-studio` and `mosaic` in the
 * folder that STREAMSTORE_TEST_DATA names. `./run test` names `../shared/data` where there is such a folder.
 */
export const realData = resolve(process.env.STREAMSTORE_TEST_DATA ?? "");

/** Why tests of them are skipped; `false` where they run. */
export const skipRealData = findReason();

function findReason(): string | false {
  if (!process.env.STREAMSTORE_TEST_DATA) {
    return "STREAMSTORE_TEST_DATA names no folder with lerobot-g1, lerobot-studio and mosaic";
  }
  const missing = ["lerobot-g1", "lerobot-studio", "mosaic"].filter((name) =>
    !existsSync(join(realData, name))
  );
  return missing.length > 0 &&
    `${realData}, which STREAMSTORE_TEST_DATA names, has no ${missing.join(" and no ")}`;
}

/** Fields for columns, each with the dtype that holds all of its values. */
export function fieldsFor(columns: Record<string, { readonly feature: Feature }>) {
  const names = Object.keys(columns);
  return Object.fromEntries(names.map((name, type) => {
    const text = JSON.stringify(columns[name].feature);
    const dtype = text.includes('"uint64"')
      ? "uint64"
      : /"(int64|timestamp|duration|time64|date64)|ClassLabel/.test(text)
      ? "int64"
      : "float64";
    return [name, { type, dtype }];
  })) as Record<string, { type: number; dtype: "float64" | "int64" | "uint64" }>;
}
