/** What crosses in typed arrays stands where src/native/abi.ts says: so do the sources say, and what the library writes. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as abi from "../../src/native/abi.ts";
import { runtime } from "../../src/native/load.ts";
import { pack } from "../../src/native/arguments.ts";

const { native, tables: { batch } } = runtime;
const nothing = new Uint8Array(8);

const folder = fileURLToPath(new URL("../../zig/src/abi", import.meta.url));
const sources = readdirSync(folder).filter((name) => name.endsWith("layouts.zig"))
  .map((name) => readFileSync(join(folder, name), "utf8").replace(/\/\/.*$/gm, ""));

/** `token_count` becomes `tokenCount`, and `StoreState` becomes `storeState`. */
function nameOf(zigName: string): string {
  return zigName.replace(/^[A-Z]/, (first) => first.toLowerCase())
    .replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

test("abi.ts names the fields of each struct and the choices of each enum of zig/src/abi, in their order", () => {
  const layouts = abi as unknown as Record<string, Readonly<Record<string, number>>>;
  let count = 0;
  for (const source of sources) {
    for (const [, name, body] of source.matchAll(/pub const (\w+) = extern struct \{([^}]*)\n\};/g)) {
      const fields = [...body.matchAll(/^ {4}(\w+): /gm)].map(([, field]) => nameOf(field));
      assert.deepEqual(Object.keys(layouts[nameOf(name)]), [...fields, "length"], name);
      count++;
    }
    for (const [, name, body] of source.matchAll(/pub const (\w+) = enum\(\w+\) \{([^}]*)\};/g)) {
      const choices = body.split(",").map((choice) => nameOf(choice.trim())).filter((choice) =>
        choice !== ""
      );
      assert.deepEqual(Object.keys(layouts[nameOf(name)]), choices, name);
      assert.deepEqual(Object.values(layouts[nameOf(name)]), choices.map((_, i) => i), name);
      count++;
    }
  }
  assert.ok(count >= 8, `only ${count} were found`);
});

test("the places of a layout follow each other, up to its length", () => {
  const layouts = Object.entries(abi).filter(([, layout]) => typeof layout === "object" && "length" in layout)
    .filter(([, layout]) => !Array.isArray(layout)) as unknown as [string, Record<string, number>][];
  for (const [name, layout] of layouts) {
    const places = Object.values(layout);
    assert.equal(places[0], 0, name);
    assert.ok(places.every((place, i) => i === 0 || place > places[i - 1]), name);
  }
  assert.ok(layouts.length >= 6, `only ${layouts.length} were found`);
});

test("no export takes or gives numbers by their places: each array of fixed length is a layout", () => {
  const exportsOf = readdirSync(folder).flatMap((
    name,
  ) => [...readFileSync(join(folder, name), "utf8").matchAll(/^export fn (\w+)\(([^{]*)\)/gm)]);
  assert.ok(exportsOf.length > 20);
  const byPlace = exportsOf.filter(([, , list]) => /: \*(const )?(align\(\d+\) )?\[/.test(list));
  assert.deepEqual(byPlace.map(([, name]) => name), []);
});

/** A temporary store, closed after the task. */
function withStore(task: (store: number) => void): void {
  const out = new Float64Array(1);
  const directory = new TextEncoder().encode("/tmp");
  const sizes = {
    capacityTokens: 100,
    tailRecordsMax: 16,
    tailValuesMax: 32,
    reservedElements: 1000,
    typeBytes: 4,
    onlyType: 0,
    cellKind: abi.fieldKind.float64,
    isSegmented: 0,
    segmentChunks: 0,
    extraCount: 0,
    tailExtraWordsMax: 0,
    firstRow: 0,
    firstToken: 0,
  };
  const options = pack(abi.storeOptions, sizes);
  const mode = abi.storeMode.temporary;
  const id = new Uint8Array(16);
  const opened = native.ss_store_open(directory, directory.length, mode, options, nothing, 0, id, out);
  assert.equal(opened, abi.status.ok);
  try {
    task(out[0]);
  } finally {
    native.ss_store_close(out[0], 0, 0);
  }
}

function writeRecords(store: number, records: readonly (readonly [bigint, number, number])[]): void {
  const words = new Int32Array(abi.tailRecord.length * records.length);
  const view = new DataView(words.buffer);
  let valueCount = 0;
  for (const [i, [step, type, count]] of records.entries()) {
    const at = abi.tailRecord.length * i;
    view.setBigInt64(4 * (at + abi.tailRecord.step), step, true);
    words[at + abi.tailRecord.type] = type;
    words[at + abi.tailRecord.count] = count;
    valueCount += Math.max(0, count);
  }
  const values = Float64Array.from({ length: valueCount }, (_, i) => i + 0.5);
  const code = native.ss_store_write(store, words, records.length, values, valueCount, values, 0);
  assert.equal(code, abi.status.ok);
}

function flush(store: number): BigInt64Array {
  const state = new BigInt64Array(abi.storeState.length);
  assert.equal(native.ss_store_update(store, abi.storeAction.flush, 0, state), abi.status.ok);
  return state;
}

function readMarks(store: number, selection: keyof typeof abi.markSelection): unknown[] {
  const words = new Int32Array(abi.mark.length * 4);
  const view = new DataView(words.buffer);
  const count = new Float64Array(1);
  const code = native.ss_marks_read(store, abi.markSelection[selection], 0, 3, words, 4, count);
  assert.equal(code, abi.status.ok);
  return Array.from({ length: count[0] }, (_, i) => {
    const at = abi.mark.length * i;
    const row = view.getBigUint64(4 * (at + abi.mark.row), true);
    return [row, words[at + abi.mark.type], words[at + abi.mark.kind]];
  });
}

const [early, late] = [-5n, 2n ** 40n];
const [wide, narrow] = [7, -9];

/** Rows of two tokens, of an empty list, and of nothing. */
const records = [
  [early, wide, 2],
  [late, narrow, abi.recordKind.listField],
  [late, narrow, abi.recordKind.emptyList],
  [late + 1n, 0, abi.recordKind.bareRow],
] as const;

test("the library reads records, and tells a store's state and marks, by their layouts", () => {
  withStore((store) => {
    const before = flush(store);
    writeRecords(store, records);
    const state = flush(store);
    const told = (name: keyof typeof abi.storeState) => state[abi.storeState[name]];
    assert.ok(told("sequence") > before[abi.storeState.sequence]);
    const counts = [told("tokenCount"), told("rowCount"), told("markCount"), told("lastStep")];
    assert.deepEqual(counts, [2n, 3n, 3n, late + 1n]);
    assert.deepEqual([told("firstToken"), told("firstRow"), told("capacityTokens")], [0n, 0n, 100n]);
    assert.equal(told("tailRecordsBytes"), BigInt(16 * 4 * abi.tailRecord.length));
    assert.equal(told("tailValuesBytes"), 32n * 8n);
    const found = ["recoveredTokens", "recoveredRows", "cutTokens", "cutRows", "cutRecords"] as const;
    assert.deepEqual(found.map(told), [0n, 0n, 0n, 0n, 0n]);
    assert.deepEqual([told("roomRecords"), told("roomValues")], [16n, 32n]);

    const { listField, emptyList, session } = abi.markKind;
    const marks = [[0n, 0, session], [1n, narrow, listField], [1n, narrow, emptyList]];
    assert.deepEqual(readMarks(store, "all"), marks);
    const kinds = { sessions: session, listFields: listField, emptyLists: emptyList };
    for (const [name, kind] of Object.entries(kinds)) {
      const selection = name as keyof typeof kinds;
      assert.deepEqual(readMarks(store, selection), marks.filter((mark) => mark[2] === kind));
    }
    assert.equal(told("sessionRow"), 0n);
  });
});

test("the library takes a batch and a request for a column, and tells how far it is, by their layouts", () => {
  withStore((store) => {
    const source = pack(abi.batchSource, {
      type: wide,
      wide: abi.fieldKind.int64,
      dtype: abi.dtype.int16,
      width: 2,
      firstRow: 0,
      firstValue: 1,
      valuesBytes: 10,
      offsetBytes: 0,
      offsetCount: 0,
      validityFirstBit: 3,
      validityBytes: 1,
      valueValidityFirstBit: -1,
      valueValidityBytes: 0,
      nanForNull: 0,
      marksList: 1,
    });
    // The first of two rows is there, by bit 3.
    const [values, validity] = [Int16Array.of(9, -1, 300, 5, 6), Uint8Array.of(0b01000)];
    const steps = BigInt64Array.of(early, late);
    const advance = (phase: keyof typeof abi.batchPhase, rowCount: number, given: ArrayBufferView) =>
      batch.ss_batch_advance(
        store,
        abi.batchPhase[phase],
        rowCount,
        source,
        given,
        nothing,
        validity,
        nothing,
      );
    const calls = [
      advance("begin", steps.length, steps),
      advance("measure", 0, nothing),
      advance("scatter", 0, values),
      advance("write", 0, nothing),
      advance("commit", 0, nothing),
    ];
    assert.deepEqual(calls, calls.map(() => abi.status.ok));

    const [bytes, offsets, present] = [new Int32Array(4), new Int32Array(3), new Uint8Array(1)];
    const request = {
      type: wide,
      kind: abi.fieldKind.int64,
      dtype: abi.dtype.int32,
      width: -1,
      firstRow: 0,
      nextRow: 0,
      endRow: 2,
      valueCount: 0,
      valuesBytes: bytes.byteLength,
      offsetBytes: 4,
      offsetCount: 3,
      validityBytes: 1,
      isExact: 1,
    };
    const progress = new Float64Array(abi.extractProgress.length);
    const extract = (changes: { readonly dtype?: number }) => {
      const packed = pack(abi.extractRequest, { ...request, ...changes });
      return native.ss_column_extract(store, packed, bytes, offsets, present, progress);
    };
    const told = (name: keyof typeof abi.extractProgress) => progress[abi.extractProgress[name]];
    assert.equal(extract({}), abi.status.ok);
    assert.deepEqual([[...bytes], [...offsets]], [[-1, 300, 0, 0], [0, 2, 2]]);
    const counts = ["nextRow", "valueCount", "missingCount", "countMin", "countMax"] as const;
    assert.deepEqual(counts.map(told), [2, 2, 1, 0, 2]);
    assert.equal(extract({ dtype: abi.dtype.int8 }), abi.status.inexact);
    const culprit = ["culpritRow", "culpritCellHigh", "culpritCellLow"] as const;
    assert.deepEqual(culprit.map(told), [0, 0, 300]);
  });
});

test("the library takes the fields of a gather that stand as their own bits by their layout", () => {
  withStore((store) => {
    writeRecords(store, [[early, wide, 1], [late, narrow, 1]]);
    flush(store);
    const field = new Int32Array(abi.fieldCells.length);
    field[abi.fieldCells.type] = narrow;
    field[abi.fieldCells.kind] = abi.fieldKind.uint64;
    const values = new Float64Array(2);
    const { float64 } = abi.gatherLayout.values;
    const starts = Float64Array.of(0);
    const code = native.ss_window_gather(store, starts, 1, 2, float64, field, 1, values, nothing, nothing);
    assert.equal(code, abi.status.ok);
    const bits = new BigUint64Array(Float64Array.of(1.5).buffer);
    assert.deepEqual([...values], [0.5, Number(bits[0])]);
  });
});
