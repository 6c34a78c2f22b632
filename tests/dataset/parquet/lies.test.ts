/** Parquet files that contradict themselves are refused, with the file, the column and what is wrong. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { parquetSchema, StreamStore } from "../../../mod.ts";
import {
  bytesOf,
  type Column,
  encodings,
  flat,
  type Page,
  parquetFile,
  runs,
  type Struct,
  types,
} from "../../support/parquet.ts";
import { inFolder } from "../../support/saved.ts";

const page = (values: ArrayBufferView, count: number, more: Partial<Page> = {}): Page => ({
  values: bytesOf(values),
  count,
  ...more,
});
const int32 = (...values: number[]) => page(Int32Array.from(values), values.length);
const int64 = (...values: number[]) => page(BigInt64Array.from(values, BigInt), values.length);
const int64Bytes = (value: bigint) => bytesOf(BigInt64Array.of(value));

/** A column of lists, of three levels: group, entries, entry. */
function lists(repetitions: number[], more: Partial<Page> = {}): Column {
  const values = Int32Array.from(repetitions, (_, i) => i);
  return {
    schema: [{ 3: 0, 4: "a", 5: 1, 6: 3 }, { 3: 2, 4: "list", 5: 1 }, { 1: types.int32, 3: 0, 4: "element" }],
    path: ["a", "list", "element"],
    type: types.int32,
    pages: [
      page(values, repetitions.length, {
        repetitions: runs(repetitions),
        definitions: runs(repetitions.map(() => 1)),
        ...more,
      }),
    ],
  };
}

/** What is loaded of a file of one column named a, in rows. */
async function load(column: Column, rowCount: number, footer: Struct = {}): Promise<unknown[]> {
  let rows: unknown[] = [];
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    writeFileSync(path, parquetFile([column], rowCount, footer));
    using store = new StreamStore({ a: { type: 0, dtype: "int64" } });
    await store.loadDataset(path).catch((error: Error) => {
      assert.equal(store.rowCount, 0);
      throw error;
    });
    rows = store.rows().map(({ a }) => ArrayBuffer.isView(a) ? [...a as BigInt64Array] : a);
  });
  return rows;
}

async function assertRefused(
  column: Column,
  rowCount: number,
  message: RegExp,
  footer?: Struct,
): Promise<void> {
  await assert.rejects(load(column, rowCount, footer), (error: Error) => {
    assert.match(error.message, /^Cannot read .*x\.parquet, column "a": /);
    assert.match(error.message, message);
    return true;
  });
}

test("loadDataset() refuses levels that are none of this column", async () => {
  assert.deepEqual(await load(lists([0, 1, 0]), 2), [[0n, 1n], [2n]]);
  await assertRefused(lists([1, 0, 1]), 1, /the first of its repetition levels must be 0, got 1$/);
  await assertRefused(lists([0, 3, 0]), 2, /integers must have 1 bits, got 3$/);
  await assertRefused(lists([0, 1, 0]), 3, /it must have 3 rows, has 2$/);
  const packed = { 5: { 1: 3, 2: 0, 3: encodings.bitPacked, 4: encodings.rle } };
  await assertRefused(
    lists([0, 1, 0], { header: packed }),
    2,
    /levels must be in the encoding RLE, got BIT_PACKED$/,
  );
  const bothPacked = { 5: { 1: 3, 2: 0, 3: encodings.rle, 4: encodings.bitPacked } };
  await assertRefused(
    lists([0, 1, 0], { header: bothPacked }),
    2,
    /levels must be in the encoding RLE, got BIT_P/,
  );
  // A column without levels has none in any encoding.
  const none = { kind: { 3: encodings.bitPacked, 4: encodings.bitPacked } };
  assert.deepEqual(await load(flat("a", types.int32, [{ ...int32(5), ...none }]), 1), [5n]);
});

test("loadDataset() refuses a page of another size than its header says", async () => {
  const sizes: [Page, RegExp][] = [
    [{ ...int32(1, 2), header: { 2: 9 } }, /a page must have the 9 bytes that its header says, got 8$/],
    [
      { ...int32(1, 2), isV2: true, header: { 2: 7 } },
      /a page must have the 7 bytes that its header says, got 8$/,
    ],
    [
      { ...int32(1, 2), isV2: true, kind: { 7: false }, header: { 2: 12 } },
      /a page must have the 12 bytes that its header says, got 8$/,
    ],
    [{ ...int32(1, 2), header: { 3: 900 } }, /a page must lie within the \d+ bytes .* got 900$/],
    [
      { ...int32(1, 2), header: { 3: -1 } },
      /the header of a page must have an integer >= 0 as field 3, got -1$/,
    ],
    [{ ...int32(1, 2), kind: { 1: 5 } }, /a page must have at most 2 values, got 5$/],
  ];
  for (const [given, message] of sizes) {
    await assertRefused({ ...flat("a", types.int32, [given]), valueCount: 2 }, 2, message);
  }
});

test("loadDataset() refuses compressed pages that are said to be uncompressed", async () => {
  // In snappy's terms: 8 bytes follow uncompressed, and are these.
  const snappy = Uint8Array.of(8, 7 << 2, 1, 0, 0, 0, 2, 0, 0, 0);
  const given = (isCompressed: boolean): Column => ({
    ...flat("a", types.int32, [
      { values: snappy, count: 2, isV2: true, kind: { 7: isCompressed }, header: { 2: 8 } },
    ], { 6: 15 }),
    metadata: { 4: 1 },
  });
  assert.deepEqual(await load(given(true), 2), [1n, 2n]);
  await assertRefused(given(false), 2, /a page must have the 8 bytes that its header says, got 10$/);
});

const integer = (bits: number, isSigned: boolean) => ({ 10: { 10: { 1: bits, 2: isSigned } } });

test("loadDataset() refuses integers that their own type cannot hold", async () => {
  const cases: [number, Struct, number[], number[]][] = [
    [types.int32, { 6: 15 }, [-128, 127], [85_012]],
    [types.int32, integer(8, true), [-128, 127], [-129]],
    [types.int32, integer(16, true), [-32_768, 32_767], [32_768]],
    [types.int32, { 6: 11 }, [0, 255], [256]],
    [types.int32, integer(8, false), [0, 255], [-1]],
    [types.int32, integer(16, false), [0, 65_535], [65_536]],
  ];
  for (const [type, element, held, wrong] of cases) {
    assert.deepEqual(await load(flat("a", type, [int32(...held)], element), 2), held.map(BigInt));
    const message = new RegExp(`its values must be u?int(8|16), as their type says, got ${wrong[0]}$`);
    await assertRefused(flat("a", type, [int32(...held, ...wrong)], element), 3, message);
  }
  const nothing = { 10: { 11: {} } };
  await assertRefused(
    flat("a", types.int32, [int32(1)], nothing),
    1,
    /its values must be null, as their type says, got 1 others$/,
  );
});

test("loadDataset() refuses a logical type on a physical type that it cannot stand on", async () => {
  const unit = (i: number) => ({ [i]: {} });
  const time = (i: number) => ({ 10: { 7: { 1: true, 2: unit(i) } } });
  const instant = (i: number) => ({ 10: { 8: { 1: true, 2: unit(i) } } });
  const wrong: [number, Struct, string][] = [
    [types.int64, { 6: 6 }, "DATE stored as INT64"],
    [types.int64, { 10: { 6: {} } }, "DATE stored as INT64"],
    [types.double, { 6: 6 }, "DATE stored as DOUBLE"],
    [types.int64, { 6: 7 }, "TIME\\[ms\\] stored as INT64"],
    [types.int32, { 6: 8 }, "TIME\\[us\\] stored as INT32"],
    [types.int64, time(1), "TIME\\[ms\\] stored as INT64"],
    [types.int32, time(2), "TIME\\[us\\] stored as INT32"],
    [types.int32, time(3), "TIME\\[ns\\] stored as INT32"],
    [types.int32, { 6: 9 }, "TIMESTAMP\\[ms\\] stored as INT32"],
    [types.int32, { 6: 10 }, "TIMESTAMP\\[us\\] stored as INT32"],
    [types.int32, instant(3), "TIMESTAMP\\[ns\\] stored as INT32"],
    [types.int96, instant(3), "TIMESTAMP\\[ns\\] stored as INT96"],
    [types.int64, { 10: { 8: { 1: true, 2: {} } } }, "TIMESTAMP stored as INT64"],
    [types.int64, { 6: 15 }, "INT_8 stored as INT64"],
    [types.int32, { 6: 14 }, "UINT_64 stored as INT32"],
    [types.int32, integer(64, true), "INT_64 stored as INT32"],
    [types.int64, integer(32, false), "UINT_32 stored as INT64"],
    [types.int32, integer(7, true), "INT_7 stored as INT32"],
    [types.float, integer(32, true), "INT_32 stored as FLOAT"],
    [types.boolean, integer(8, true), "INT_8 stored as BOOLEAN"],
    [types.int32, { 10: { 15: {} } }, "FLOAT16 stored as INT32"],
    [types.fixed, { 2: 3, 10: { 15: {} } }, "FLOAT16 stored as FIXED_LEN_BYTE_ARRAY"],
    [types.int32, { 6: 0 }, "STRING stored as INT32"],
    [types.int64, { 10: { 14: {} } }, "UUID stored as INT64"],
    [types.int32, { 6: 5, 7: 0, 8: 4 }, "DECIMAL stored as INT32"],
  ];
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    for (const [type, element, found] of wrong) {
      writeFileSync(path, parquetFile([flat("a", type, [int64(1, 0, 2, 0)], element)], 4));
      assert.deepEqual(
        (await parquetSchema(path)).columns,
        [{ name: "a", feature: null, extra: null }],
        found,
      );
      using store = new StreamStore({ a: 0 });
      const message = new RegExp(`the column of field "a" must be numbers or lists of them, got ${found};`);
      await assert.rejects(store.loadDataset(path), message);
    }
  });
});

test("loadDataset() refuses statistics that the numbers contradict, where the format defines what they mean", async () => {
  const stats = (least: bigint, largest: bigint, more: Struct = {}) => ({
    5: int64Bytes(largest),
    6: int64Bytes(least),
    ...more,
  });
  const older = (least: bigint, largest: bigint) => ({ 1: int64Bytes(largest), 2: int64Bytes(least) });
  const column = (statistics: Struct, element: Struct = {}): Column => ({
    ...flat("a", types.int64, [int64(-5, 7, 3)], element),
    statistics,
  });
  const rows = [-5n, 7n, 3n];
  const right: [Struct, Struct?][] = [
    [stats(-5n, 7n, { 3: 0n })],
    // Bounds need not be those of values.
    [stats(-6n, 8n)],
    [stats(-5n, 7n, { 7: true, 8: true })],
    [stats(-6n, 7n, { 7: true, 8: false })],
    [older(-5n, 7n)],
    // The newer ones count where both are.
    [{ ...older(1n, 2n), ...stats(-5n, 7n) }],
    // No writer says what its null count is of, if it is below 0.
    [{ 3: -1n }],
    // Of another length than the numbers: no statistics of these.
    [{ 5: Uint8Array.of(1, 0, 0, 0), 6: Uint8Array.of(0) }],
    // In no order that the file tells of.
    [stats(1n, 2n), { 7: [] }],
    [stats(1n, 2n), { 7: [{ 2: {} }] }],
  ];
  for (const [statistics, footer] of right) assert.deepEqual(await load(column(statistics), 3, footer), rows);
  const wrong: [Struct, RegExp][] = [
    [stats(-4n, 7n), /its least value must be >= -4, as its statistics say, got -5$/],
    [stats(-5n, 6n), /its largest value must be <= 6, as its statistics say, got 7$/],
    [stats(-6n, 7n, { 8: true }), /its least value must be -6, as its statistics say, got -5$/],
    [stats(-5n, 8n, { 7: true }), /its largest value must be 8, as its statistics say, got 7$/],
    [older(-4n, 7n), /its least value must be >= -4/],
    [{ 3: 1n }, /its statistics must be of 0 nulls, got 1$/],
  ];
  for (const [statistics, message] of wrong) await assertRefused(column(statistics), 3, message);
  // What a checksum tells of is what was written, and is not compared once more.
  const checked = { ...int64(-5, 7, 3), header: { 4: crc32(int64(-5, 7, 3).values) | 0 } };
  assert.deepEqual(await load({ ...column(stats(1n, 2n)), pages: [checked] }, 3), rows);
});

test("loadDataset() compares statistics of every type in the order of the type", async () => {
  const halves = (...bits: number[]) => Uint16Array.from(bits);
  const uint64 = integer(64, false);
  // The values with the least first and the largest last; then what is no value, or is as good as one of those.
  const cases: [number, Struct, ArrayBufferView, ArrayBufferView][] = [
    [types.int32, {}, Int32Array.of(-7, 0, 9), Int32Array.of()],
    [types.int32, integer(32, false), Uint32Array.of(1, 5, 2 ** 32 - 1), Uint32Array.of()],
    [types.int64, {}, BigInt64Array.of(-(2n ** 63n), -1n, 2n ** 62n), BigInt64Array.of()],
    [types.int64, {}, BigInt64Array.of(-(2n ** 33n) - 1n, -(2n ** 33n), 2n ** 33n + 2n), BigInt64Array.of()],
    [types.int64, uint64, BigUint64Array.of(0n, 5n, 2n ** 64n - 1n), BigUint64Array.of()],
    [types.float, {}, Float32Array.of(-0.5, 0, 7.25), Float32Array.of(NaN)],
    [types.double, {}, Float64Array.of(0, 1, Infinity), Float64Array.of(NaN, -0)],
    [types.double, {}, Float64Array.of(-Infinity, -1, -0), Float64Array.of(NaN, 0)],
    [types.fixed, { 2: 2, 10: { 15: {} } }, halves(0xc000, 0x8000, 0x3c00), halves(0x7e00, 0xfe00, 0)],
  ];
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    for (const [type, element, values, others] of cases) {
      const entries = Array.from({ length: 3 }, (_, i) => {
        const bytes = values.byteLength / 3;
        return bytesOf(values).slice(i * bytes, (i + 1) * bytes);
      });
      const count = (values.byteLength + others.byteLength) / entries[0].length;
      const pages = [{ values: Uint8Array.from([...bytesOf(values), ...bytesOf(others)]), count }];
      const load = async (least: Uint8Array, largest: Uint8Array) => {
        const column = {
          ...flat("a", type, pages, element),
          statistics: { 5: largest, 6: least, 7: true, 8: true },
        };
        writeFileSync(path, parquetFile([column], count));
        using store = new StreamStore({
          a: { type: 0, dtype: element === uint64 ? "uint64" : type === 2 ? "int64" : "float64" },
        });
        await store.loadDataset(path);
        return store.rowCount;
      };
      const [least, middle, largest] = entries;
      assert.equal(await load(least, largest), count, `type ${type}`);
      await assert.rejects(load(middle, largest), /its least value must be .*, as its statistics say, got/);
      await assert.rejects(load(least, middle), /its largest value must be .*, as its statistics say, got/);
    }
  });
});

test("loadDataset() believes older statistics of signed integers only", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x.parquet");
    const cases: [Column, number][] = [
      [flat("a", types.int32, [page(Uint32Array.of(1, 2 ** 31), 2)], integer(32, false)), 4],
      [flat("a", types.float, [page(Float32Array.of(1, NaN), 2)]), 4],
      [flat("a", types.double, [page(Float64Array.of(1, -3), 2)]), 8],
      [
        flat("a", types.int96, [page(
          Uint8Array.from({ length: 12 }, (_, i) => i === 8 ? 0x8c : i === 9 ? 0x3d : i === 10 ? 0x25 : 0),
          1,
        )]),
        8,
      ],
    ];
    for (const [column, bytes] of cases) {
      const statistics = { 1: new Uint8Array(bytes).fill(1), 2: new Uint8Array(bytes).fill(2) };
      const rowCount = column.pages[0].count;
      writeFileSync(path, parquetFile([{ ...column, statistics }], rowCount));
      using store = new StreamStore({ a: 0 });
      await store.loadDataset(path);
      assert.equal(store.rowCount, rowCount);
    }
  });
});

test("loadDataset() compares the count of nulls, but for lists, where empty ones may be counted", async () => {
  const optional = { 3: 1 };
  const given = page(Int32Array.of(4, 5), 3, { definitions: runs([1, 0, 1]) });
  const column = (nulls: bigint): Column => ({
    ...flat("a", types.int32, [given], optional),
    statistics: { 3: nulls },
  });
  assert.deepEqual(await load(column(1n), 3), [4n, undefined, 5n]);
  await assertRefused(column(0n), 3, /its statistics must be of 1 nulls, got 0$/);
  assert.deepEqual(await load({ ...lists([0, 1]), statistics: { 3: 7n } }, 1), [[0n, 1n]]);
});
