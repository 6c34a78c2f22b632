/**
 * One library serves glibc and musl: a program of musl's own writes a store, and what it gathers is compared with what stands
 * in the files, which are read here without the library.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  fieldKind,
  gatherLayout,
  status,
  storeAction,
  storeMode,
  storeOptions,
  storeState,
  tailRecord,
} from "../../src/native/abi.ts";

const compiler = "musl-gcc";
const reason = process.platform !== "linux"
  ? "musl is a libc of Linux"
  : spawnSync(compiler, ["--version"]).status !== 0 && `no ${compiler}: apt-get install musl-tools`;

const defined = {
  STATUS_OK: status.ok,
  MODE_CREATE: storeMode.create,
  ACTION_FLUSH: storeAction.flush,
  KIND_FLOAT64: fieldKind.float64,
  GATHER_LAYOUT: gatherLayout.values.float64 + gatherLayout.types + gatherLayout.steps.int64,
  OPTIONS_LENGTH: storeOptions.length,
  OPTIONS_CAPACITY: storeOptions.capacityTokens,
  OPTIONS_TAIL_RECORDS: storeOptions.tailRecordsMax,
  OPTIONS_TAIL_VALUES: storeOptions.tailValuesMax,
  OPTIONS_RESERVED: storeOptions.reservedElements,
  OPTIONS_TYPE_BYTES: storeOptions.typeBytes,
  OPTIONS_CELL_KIND: storeOptions.cellKind,
  STATE_LENGTH: storeState.length,
  STATE_TOKENS: storeState.tokenCount,
  STATE_ROWS: storeState.rowCount,
  RECORD_WORDS: tailRecord.length,
  RECORD_STEP: tailRecord.step,
  RECORD_TYPE: tailRecord.type,
  RECORD_COUNT: tailRecord.count,
};

const rows = 1000;
const root = fileURLToPath(new URL("../..", import.meta.url));
const source = fileURLToPath(new URL("musl/program.c", import.meta.url));

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  assert.equal(status, 0, `${program}: ${status} ${stdout} ${stderr} ${error ?? ""}`);
  return stdout;
}

/** The bytes of a store's file, as elements. */
const column = (store: string, name: string) =>
  new DataView(new Uint8Array(readFileSync(join(store, name))).buffer);

test("the library serves a program of musl: it writes, flushes, gathers and closes", { skip: reason }, () => {
  const folder = mkdtempSync(join(tmpdir(), "streamstore-musl-"));
  try {
    const [program, store] = [join(folder, "program"), join(folder, "store")];
    mkdirSync(store);
    const macros = Object.entries(defined).map(([name, value]) => `-D${name}=${value}`);
    run(compiler, ["-O1", "-Wall", "-Werror", ...macros, "-o", program, source]);
    const output = run(program, [join(root, "build/lib/libstreamstore.so"), store]);
    const [counts, ...gathered] = output.trimEnd().split("\n");
    assert.equal(counts, `${3 * rows} ${rows}`);

    // What the program was to write.
    const [data, types] = [column(store, "data.f64"), column(store, "type.u8")];
    const [steps, starts] = [column(store, "step.i64"), column(store, "row.u64")];
    assert.deepEqual([data.byteLength, types.byteLength, steps.byteLength, starts.byteLength], [
      8 * 3 * rows,
      3 * rows,
      8 * rows,
      8 * rows,
    ]);
    for (let row = 0; row < rows; row++) {
      [row / 3, row === 0 ? 0 : -row, row * 1e300].forEach((value, index) => {
        const token = 3 * row + index;
        assert.ok(Object.is(data.getFloat64(8 * token, true), value), `token ${token}`);
        assert.equal(types.getUint8(token), index === 0 ? 0 : 1);
      });
      assert.equal(steps.getBigInt64(8 * row, true), BigInt(row));
      assert.equal(starts.getBigUint64(8 * row, true), BigInt(3 * row));
    }

    // What it gathered is what stands there.
    const tokens = [0, 1, 1499, 3 * rows - 7].flatMap((start) =>
      Array.from({ length: 7 }, (_, i) => start + i)
    );
    const expected = tokens.map((token) => {
      const bits = data.getBigUint64(8 * token, true).toString(16).padStart(16, "0");
      return `${token} ${bits} ${types.getUint8(token)} ${Math.floor(token / 3)}`;
    });
    assert.deepEqual(gathered, expected);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
