/** Cases as stores: filled with a case's values, and compared with them token by token. */
import assert from "node:assert/strict";
import { type FieldMap, StreamStore } from "../../mod.ts";
import { type Bits, columnBits, fieldsFor } from "../support/dataset.ts";
import { cellOf } from "./bits.ts";
import { type Case, type CaseColumn, describeFeature } from "./cases.ts";

/** The columns of a case that are fields. */
function fieldColumns({ columns }: Case): readonly CaseColumn[] {
  return columns.filter(({ isExtra }) => !isExtra);
}

/** Each with the dtype that holds all of its values. */
export function fieldsOf(columns: readonly CaseColumn[]): FieldMap {
  return fieldsFor(Object.fromEntries(columns.map((column) => [column.name, column])));
}

/** A store with the values of a case, and the options with which it is saved. */
export function storeOf(given: Case) {
  const columns = fieldColumns(given);
  const fields = fieldsOf(columns);
  const store = new StreamStore(fields);
  for (let row = 0; row < given.rowCount; row++) {
    const present = columns.filter(({ rows }) => rows[row] !== null);
    store.append(
      row,
      Object.fromEntries(present.map((column) => [column.name, toValue(column, row, fields)])),
    );
  }
  const extras = given.columns.filter(({ isExtra }) => isExtra);
  return {
    store,
    options: {
      fieldFeatures: Object.fromEntries(columns.map(({ name, feature }) => [name, feature])),
      extra: Object.fromEntries(extras.map(({ name, rows }) => [name, rows])),
    },
  };
}

/** A number, or a typed array over the bits: for lists, and for a NaN, whose payload a number may lose. */
function toValue(column: CaseColumn, row: number, fields: FieldMap) {
  const dtype = dtypeOf(column, fields);
  const cells = BigInt64Array.from(cellsOf(column, row, dtype));
  const Kind = { float64: Float64Array, int64: BigInt64Array, uint64: BigUint64Array }[dtype];
  const values = new Kind(cells.buffer);
  const isNumber = describeFeature(column.feature).lengths.length === 0 && !Number.isNaN(values[0]);
  return isNumber ? values[0] : values;
}

function dtypeOf({ name }: CaseColumn, fields: FieldMap): "float64" | "int64" | "uint64" {
  return (fields[name] as { readonly dtype: "float64" | "int64" | "uint64" }).dtype;
}

function cellsOf({ rows, feature }: CaseColumn, row: number, fieldDtype: string): bigint[] {
  const { dtype } = describeFeature(feature);
  return flatten(rows[row]).map((text) => cellOf(text, dtype === "label" ? "int64" : dtype, fieldDtype));
}

function flatten(bits: Bits): string[] {
  return typeof bits === "string" ? [bits] : bits === null ? [] : bits.flatMap(flatten);
}

/**
 * Compares a store with the case that it was loaded from: every token's bits, which rows have a field, and where
 * `hasFeatures` says that they were written, the features and the values that go out again. With `nan: "any"` one NaN is
 * as good as another.
 */
export async function compareStore(
  store: StreamStore,
  columns: readonly CaseColumn[],
  rowCount: number,
  { hasFeatures, nan }: { readonly hasFeatures: boolean; readonly nan: "bits" | "any" },
): Promise<void> {
  assert.equal(store.rowCount, rowCount, "rows");
  const fields = fieldsOf(columns);
  const bits = [...store.window(0, store.length).bits].map((cell) => BigInt.asIntN(64, BigInt(cell)));
  let token = 0;
  for (let row = 0; row < rowCount; row++) {
    const found = store.row(row);
    for (const column of columns) {
      const place = `column ${column.name}, row ${row}`;
      const isPresent = Object.hasOwn(found, column.name);
      assert.equal(isPresent, column.rows[row] !== null, `${place}: whether it is there`);
      for (const cell of cellsOf(column, row, dtypeOf(column, fields))) {
        const got = bits[token++];
        if (got === cell || nan === "any" && isNan(got) && isNan(cell)) continue;
        assert.fail(`${place}: expected ${hex(cell)}, got ${got === undefined ? got : hex(got)}`);
      }
    }
  }
  assert.equal(store.length, token, "tokens");
  if (!hasFeatures) return;
  const table = await store.toDataset();
  const { features } = JSON.parse(table.schema.metadata.get("huggingface")!).info;
  for (const { name, feature, rows } of columns) {
    const [got, expected] = [features[name], feature].map((each) => JSON.stringify(sorted(each)));
    assert.ok(got === expected, `column ${name}: expected the feature ${expected}, got ${got}`);
    columnBits(table, name).forEach((bits, row) => {
      const [got, expected] = [bits, rows[row]].map((each) => JSON.stringify(each));
      assert.ok(got === expected, `column ${name}, row ${row}, out again: expected ${expected}, got ${got}`);
    });
  }
}

/** With keys in the order of the alphabet, at all depths. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort().map(([key, entry]) => [key, sorted(entry)]));
}

function isNan(cell: bigint): boolean {
  return Number.isNaN(new Float64Array(BigInt64Array.of(cell).buffer)[0]);
}

function hex(cell: bigint): string {
  return `0x${BigInt.asUintN(64, cell).toString(16).padStart(16, "0")}`;
}
