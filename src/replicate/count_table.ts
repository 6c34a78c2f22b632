/** How much a table of rows has. */
import type { Table } from "apache-arrow";
import type { FieldInfo } from "../fields.ts";

/** Tokens of the rows of a table. */
export function countTokens(table: Table, fields: readonly FieldInfo[]): number {
  let count = 0;
  for (const { name } of fields) {
    for (const { length, nullCount, children, valueOffsets, ...data } of table.getChild(name)?.data ?? []) {
      if (children.length === 0) count += length - nullCount;
      else {for (let i = 0; i < length; i++) {
          if (isValid(data, i)) count += Number(valueOffsets[i + 1]) - Number(valueOffsets[i]);
        }}
    }
  }
  return count;
}

function isValid({ nullBitmap, offset }: { nullBitmap?: Uint8Array; offset: number }, i: number): boolean {
  if (nullBitmap === undefined || nullBitmap === null || nullBitmap.length === 0) return true;
  return (nullBitmap[(offset + i) >> 3] >> ((offset + i) & 7) & 1) === 1;
}

/** How many columns the last row of a table has a value in: what a row gets that is no token shows in nothing else. */
export function countColumns(table: Table): number {
  const last = table.numRows - 1;
  return table.schema.fields.filter(({ name }) => table.getChild(name)!.isValid(last)).length;
}
