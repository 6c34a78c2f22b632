import { type Data, Field, Int32, makeData, RecordBatch, Schema, Struct, Table } from "apache-arrow";

/** The values of the field that stands beside every extra. */
export const numbers: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** A table of one field, `action`, and further columns of as many rows. */
export function tableWith(
  columns: Readonly<Record<string, Data>>,
  metadata: Map<string, string> = new Map(),
): Table {
  const action = makeData({
    type: new Int32(),
    length: numbers.length,
    nullCount: 0,
    data: Int32Array.from(numbers),
  });
  const all: Readonly<Record<string, Data>> = { action: action as Data, ...columns };
  const fields = Object.entries(all).map(([name, { type }]) => new Field(name, type, true));
  const schema = new Schema(fields, metadata);
  const batch = makeData({
    type: new Struct(fields),
    length: numbers.length,
    nullCount: 0,
    children: Object.values(all) as never,
  });
  return new Table(schema, [new RecordBatch(schema, batch as never)]);
}
