import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  abiVersion,
  batchPhase,
  batchSource,
  callbacks,
  episodeProgress,
  episodeRule,
  errorDetail,
  fillLayout,
  gatherLayout,
  laterSymbols,
  newestRequest,
  newestRows,
  rowKey,
  scaledField,
  statisticsProgress,
  status,
  storeAction,
  storeMode,
  storeOptions,
  storeState,
  symbols,
} from "../../src/native/abi.ts";
import { openLater, runtime } from "../../src/native/load.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

const exportsFiles = readdirSync(join(root, "zig/src/abi")).map((name) => `zig/src/abi/${name}`);

/** The C types of the Zig exports, by name. */
function exportsOfZig(): Record<string, { args: string[]; result: string }> {
  const found: Record<string, { args: string[]; result: string }> = {};
  for (
    const [, name, list, result] of exportsFiles.map(read).join("\n").matchAll(
      /export fn (\w+)\(([^{]*)\) (\w+) \{/g,
    )
  ) {
    const types = list.replace(/align\(\d+\) /g, "").split(",").map((item) =>
      item.split(":").slice(1).join(":").trim()
    ).filter((type) => type !== "");
    found[name] = { args: types.map((type) => /^[*[]/.test(type) ? "buffer" : type), result };
  }
  return found;
}

test("the tables of symbols are those of the Zig exports", () => {
  const tables = [symbols, ...Object.values(laterSymbols)];
  const together = Object.assign({}, ...tables);
  assert.equal(Object.keys(together).length, tables.flatMap((table) => Object.keys(table)).length);
  const exported = exportsOfZig();
  for (const { args } of Object.values(exported)) {
    for (const [i, kind] of args.entries()) if (kind === "usize") args[i] = "pointer";
  }
  assert.deepEqual(JSON.parse(JSON.stringify({ ...together, ...callbacks })), exported);
  const calledByUs = JSON.stringify(together);
  assert.ok(!calledByUs.includes("pointer"), "no pointer crosses in a call of ours");
  assert.equal(abiVersion, Number(/const abi_version = (\d+);/.exec(read("zig/src/abi/layouts.zig"))![1]));
});

test("src/native/abi.ts is what the build generates from zig/src/abi", () => {
  const message = "src/native/abi.ts is stale: run ./run build";
  assert.equal(read("src/native/abi.ts"), read("build/lib/abi.ts"), message);
});

test("python/streamstore/_abi.py is what the build generates from zig/src/abi", () => {
  const message = "python/streamstore/_abi.py is stale: run ./run build";
  assert.equal(read("python/streamstore/_abi.py"), read("build/lib/_abi.py"), message);
});

test("the sampler's table has at most 10 symbols", () => {
  assert.ok(Object.keys(laterSymbols.sampler).length <= 10);
});

test("the core table has at most 24 symbols", () => {
  assert.ok(Object.keys(symbols).length <= 24);
});

test("functions are opened one by one, each when it is first looked at, and once", () => {
  const opened: object[] = [];
  const open = (table: object) => {
    opened.push(table);
    return Object.fromEntries(Object.keys(table).map((name) => [name, () => name.length]));
  };
  const functions = openLater(laterSymbols.statistics, open);
  assert.deepEqual(opened, []);
  const found = functions.ss_moments_merge;
  assert.equal(functions.ss_moments_merge, found);
  assert.equal((found as () => number)(), "ss_moments_merge".length);
  const { ss_statistics_add, ss_moments_merge } = laterSymbols.statistics;
  assert.deepEqual(opened, [{ ss_moments_merge }]);
  assert.equal(typeof functions.ss_statistics_add, "function");
  assert.deepEqual(opened, [{ ss_moments_merge }, { ss_statistics_add }]);
});

test("no symbol is bound outside the tables", () => {
  const bound = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && path !== "native/abi.ts")
    .filter((path) => /\bss_\w+: \{\s*(args|parameters|returns)/.test(read(`src/${path}`)));
  assert.deepEqual(bound, []);
});

test("handles that are stale, closed, foreign or made up are errors, never crashes", () => {
  const { native, tables } = runtime;
  const { batch, offsets, sampler, statistics, verify } = tables;
  const bytes = new Uint8Array(4096);
  const open = () => {
    const out = new Float64Array(1);
    const directory = new TextEncoder().encode("/tmp");
    const options = new Float64Array(storeOptions.length);
    options.set([100, 16, 16, 1000, 4]);
    assert.equal(native.ss_store_open(directory, directory.length, 0, options, bytes, 0, bytes, out), 0);
    return out[0];
  };
  const calls: ((store: number) => number)[] = [
    ...Object.values(storeAction).map((action) => (store: number) =>
      native.ss_store_update(store, action, 0, new BigInt64Array(storeState.length))
    ),
    (store) => native.ss_store_detail(store, new Float64Array(errorDetail.length)),
    (store) => native.ss_store_write(store, bytes, 1, bytes, 1, bytes, 0),
    (store) => tables.extras.ss_extra_place(store, 0, 0, bytes, 1, new Float64Array(1)),
    (store) => tables.extras.ss_extra_append(store, 0, 0, bytes, 1, bytes, 1),
    (store) => tables.extras.ss_extra_state(store, 0, 0, bytes),
    (store) => tables.extras.ss_extra_read(store, 0, 0, bytes, bytes, 1),
    (store) => tables.extras.ss_extra_check(store, 0, 0, 0, bytes),
    ...Object.values(batchPhase).map((phase) => (store: number) =>
      batch.ss_batch_advance(
        store,
        phase,
        1,
        new Float64Array(batchSource.length),
        bytes,
        bytes,
        bytes,
        bytes,
      )
    ),
    (store) => native.ss_window_gather(store, new Float64Array(1), 1, 1, 5, bytes, 0, bytes, bytes, bytes),
    (store) =>
      native.ss_column_extract(store, new Float64Array(16), bytes, bytes, bytes, new Float64Array(8)),
    (store) => native.ss_rows_read(store, 0, 1, new Float64Array(2), new BigInt64Array(1)),
    ...Object.values(rowKey).map((key) => (store: number) =>
      native.ss_row_find(store, key, new BigInt64Array(1), new Float64Array(1))
    ),
    (store) => native.ss_marks_read(store, 0, 0, 1, bytes, 1, new Float64Array(1)),
    (store) =>
      statistics.ss_statistics_add(
        store,
        bytes,
        0,
        bytes,
        bytes,
        bytes,
        0,
        new Float64Array(statisticsProgress.length),
      ),
    (store) =>
      sampler.ss_episodes_scan(
        store,
        episodeRule.end,
        bytes,
        1,
        new Float64Array(episodeProgress.length),
        bytes,
        1,
      ),
    (store) => verify.ss_chunk_check(store, 0, 0, bytes),
    (store) => tables.shared.ss_store_share(store),
    (store) => tables.shared.ss_stores_refresh(Uint32Array.of(store), 1, bytes, bytes),
    (store) => sampler.ss_rows_start(store, bytes, 1, bytes),
    (store) =>
      sampler.ss_windows_fill(
        Float64Array.of(store, 1),
        1,
        fillLayout.values.float64,
        bytes,
        bytes,
        bytes,
        1,
        1,
        bytes,
        0,
        bytes,
        bytes,
        bytes,
        bytes,
        bytes,
      ),
    (store) => {
      const field = new Float64Array(scaledField.length);
      return sampler.ss_fields_fill(
        Float64Array.of(store, 1),
        1,
        fillLayout.part.fields,
        bytes,
        bytes,
        bytes,
        1,
        1,
        field,
        0,
        bytes,
        bytes,
        bytes,
        bytes,
        bytes,
        bytes,
        bytes,
        bytes,
        bytes,
        bytes,
      );
    },
    (store) => {
      const field = new Float64Array(scaledField.length);
      const layout = fillLayout.part.fields;
      return offsets.ss_offsets_fill(
        Float64Array.of(store, 1),
        1,
        layout,
        bytes,
        bytes,
        bytes,
        bytes,
        1,
        bytes,
        1,
        field,
        bytes,
        bytes,
        bytes,
      );
    },
    (store) => {
      const request = new Float64Array(newestRequest.length);
      return sampler.ss_newest_load(store, request, bytes, 0, new Float64Array(newestRows.length));
    },
    (store) => native.ss_store_close(store, 0, 0),
  ];
  const old = open();
  assert.equal(native.ss_store_close(old, 0, 0), 0);
  for (const call of calls) assert.equal(call(old), status.staleHandle);
  const viewed = open();
  assert.equal(native.ss_store_close(viewed, 1, 0), 0);
  for (const call of calls) assert.equal(call(viewed), status.closedHandle);
  for (const foreign of [0, 1, 4095, 4096, 2 ** 31, 2 ** 32 - 1]) {
    for (const call of calls) assert.equal(call(foreign), status.staleHandle);
  }
});

test("numbers that no caller of the table should pass are refused by the library", () => {
  const { native, tables } = runtime;
  const bytes = new Uint8Array(4096);
  const out = new Float64Array(1);
  const [directory, missing] = ["/tmp", "/no/such/directory"].map((path) => new TextEncoder().encode(path));
  const open = (path: Uint8Array, mode: number, options: readonly number[]) => {
    const noId = new Uint8Array(16);
    return native.ss_store_open(path, path.length, mode, Float64Array.from(options), bytes, 0, noId, out);
  };
  const invalid = status.invalidArgument;
  const unfit = [
    [0, 16, 16, 1000, 4, 0, 0, 0, 0, 0, 0, 0, 0],
    [NaN, 16, 16, 1000, 4, 0, 0, 0, 0, 0, 0, 0, 0],
    [100, 0, 16, 10, 4, 0, 0, 0, 0, 0, 0, 0, 0],
    [100, 16, -1, 10, 4, 0, 0, 0, 0, 0, 0, 0, 0],
    [100, 16, 16, 0.5, 4, 0, 0, 0, 0, 0, 0, 0, 0],
    [100, 2 ** 30, 16, 10, 4, 0, 0, 0, 0, 0, 0, 0, 0],
    [100, 16, 16, 1000, 2, 0, 0, 0, 0, 0, 0, 0, 0],
    [100, 16, 16, 1000, -1, 0, 0, 0, 0, 0, 0, 0, 0],
    [100, 16, 16, 1000, 0, 2 ** 31, 0, 0, 0, 0, 0, 0, 0],
    [100, 16, 16, 1000, 4, 0, 11, 0, 0, 0, 0, 0, 0],
    [100, 16, 16, 1000, 4, 0, -1, 0, 0, 0, 0, 0, 0],
    [100, 16, 16, 1000, 4, 0, 0, 0, 0, 65, 16, 0, 0],
    [100, 16, 16, 1000, 4, 0, 0, 0, 0, -1, 16, 0, 0],
    [100, 16, 16, 1000, 4, 0, 0, 0, 0, 1, 2 ** 24, 0, 0],
    // Only segments let a stream begin later.
    [100, 16, 16, 1000, 4, 0, 0, 0, 0, 0, 0, 1, 0],
    [65_536, 16, 16, 1000, 4, 0, 0, 1, 1, 0, 0, -1, 0],
    [65_536, 16, 16, 1000, 4, 0, 0, 1, 1, 0, 0, 2 ** 49, 0],
  ];
  for (const options of unfit) {
    assert.equal(open(directory, 0, options), invalid);
  }
  assert.equal(open(directory, 9, [100, 16, 16, 1000, 4, 0, 0, 0, 0, 0, 0, 0, 0]), invalid);
  assert.equal(open(directory, storeMode.temporary, [100, 16, 16, 1000, 4, 0, 0, 0, 0, 0, 0, 0, 0]), 0);
  const [store] = out;
  for (const layout of [gatherLayout.steps.int64 + gatherLayout.steps.float64, 5, 7, 64, 2 ** 32 - 1]) {
    assert.equal(native.ss_window_gather(store, out, 0, 1, layout, out, 0, out, out, out), invalid);
  }
  const state = new BigInt64Array(storeState.length);
  const actionCount = Object.keys(storeAction).length;
  const wrong = [[-1, 0], [actionCount, 0], [storeAction.dropBefore, 0.5], [storeAction.dropBefore, -1]];
  for (const [action, row] of wrong) {
    assert.equal(native.ss_store_update(store, action >>> 0, row, state), invalid);
  }
  assert.deepEqual([...state], Array(storeState.length).fill(0n), "nothing was done, and nothing is told");
  assert.equal(native.ss_row_find(store, Object.keys(rowKey).length, new BigInt64Array(1), out), invalid);
  for (const token of [-1n, 0n, 2n ** 53n]) {
    const found = native.ss_row_find(store, rowKey.token, BigInt64Array.of(token), out);
    assert.equal(found, status.outOfRange);
  }
  const advance = (phase: number) =>
    tables.batch.ss_batch_advance(store, phase, 1, bytes, bytes, bytes, bytes, bytes);
  assert.equal(advance(Object.keys(batchPhase).length), invalid);
  for (const phase of ["measure", "scatter", "write"] as const) {
    assert.equal(advance(batchPhase[phase]), invalid, phase);
  }
  assert.equal(native.ss_store_close(store, 0, 0), 0);
  assert.equal(open(missing, 0, [100, 16, 16, 1000, 4, 0, 0, 0, 0, 0, 0, 0, 0]), status.notFound);
});

test("names of runtimes stand only in src/native and in run", () => {
  const folders = ["src", "tests", "bench", "examples"];
  const files = [
    "mod.ts",
    ...folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true }).map((path) => `${folder}/${path}`)
    ),
  ];
  const named = files.filter((path) => path.endsWith(".ts") && !path.startsWith("src/native/"))
    .filter((path) =>
      new RegExp(["Deno", "Bun"].map((name) => `\\b${name}\\.`).join("|") + "|(bun|node)" + ":ffi").test(
        code(read(path)),
      )
    );
  assert.deepEqual(named, []);
});

/** The file without its comments, where a runtime may be spoken of. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}
