/** A step that one call begins and another goes on with, whoever wrote the first part. */
import { tableFromArrays } from "apache-arrow";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { isDeno, runFlags } from "../support/runtime.ts";

const fields = { a: 0, b: 1, c: 2, d: 3 } as const;
type Store = StreamStore<typeof fields>;

const newPath = () => `${mkdtempSync(`${tmpdir()}/goes-on-`)}/run.stream`;

/** Ways to write row 0 with step 4 and fields a = 1, b = [] or a = 1 only, and what is kept of them. */
const firsts: Record<string, (store: Store) => Promise<void> | void> = {
  "append": (store) => store.append(4, { a: 1, b: [] }),
  "append and a commit": (store) => {
    store.append(4, { a: 1, b: [] });
    store.flush();
  },
  "append and a sync": (store) => {
    store.append(4, { a: 1, b: [] });
    store.sync();
  },
  "appendColumns": (store) => store.appendColumns({ step: [4], a: [1], b: { values: [], width: 0 } }),
  "appendColumns and a window": (store) => {
    store.appendColumns({ step: [4], a: [1], b: { values: [], offsets: [0, 0] } });
    store.window(0, 1);
  },
  "fromDataset": (store) => {
    const table = tableFromArrays({ at: Int32Array.of(4), a: Float64Array.of(1) });
    return store.fromDataset(table, { step: "at" });
  },
  "loadDataset": (store) => {
    const path = newPath() + ".jsonl";
    writeFileSync(path, '{"at": 4, "a": 1, "b": []}\n');
    return store.loadDataset(path, "train", { step: "at" });
  },
};

for (const [name, first] of Object.entries(firsts)) {
  test(`append() goes on with a step that ${name} wrote, also after the store is opened again`, async () => {
    for (const isReopened of [false, true]) {
      const path = newPath();
      let store = StreamStore.open(path, { fields });
      await first(store);
      const hasB = name !== "fromDataset";
      if (isReopened) {
        store.close();
        store = StreamStore.open(path, { fields });
      }
      const before = store.length;
      const last = hasB ? "b" : "a";
      for (const refused of hasB ? ["a", "b"] : ["a"]) {
        assert.throws(() => store.append(4, { [refused]: 9 }), {
          name: "RangeError",
          message:
            `Cannot append: at step 4 fields after "${last}" must follow it in field order (a, b, c, d), got "${refused}"`,
        });
      }
      assert.throws(() => store.append([4, 4], ["c", "a"], [1, 1]), RangeError);
      assert.equal(store.length, before);
      store.append(4, { c: 5 });
      assert.throws(() => store.append(4, { c: 6 }), RangeError);
      store.append([4], ["d"], [7]);
      store.append(5, { a: 8 });
      const rows = [
        { step: 4, a: 1, ...(hasB ? { b: new Float64Array(0) } : {}), c: 5, d: 7 },
        { step: 5, a: 8 },
      ];
      assert.deepEqual(store.rows(), rows);
      store.close();
      using reader = StreamStore.open(path, { mode: "read" });
      assert.deepEqual(reader.rows(), rows);
    }
  });
}

test("append() goes on with a row without fields, whoever wrote it", () => {
  const writers: ((store: Store) => void)[] = [
    (store) => store.append(4, {}),
    (store) => store.appendColumns({ step: [4] }),
    (store) => store.append([4], ["b"], [null as unknown as number]),
  ];
  for (const write of writers) {
    for (const isReopened of [false, true]) {
      const path = newPath();
      let store = StreamStore.open(path, { fields });
      write(store);
      if (isReopened) {
        store.close();
        store = StreamStore.open(path);
      }
      store.append(4, { a: 1 });
      store.append(4, { b: 2 });
      assert.deepEqual(store.rows(), [{ step: 4, a: 1, b: 2 }]);
      assert.equal(store.rowOfToken(1), 0);
      store.close();
    }
  }
});

test("append() goes on with the last row only, of many that a batch wrote", () => {
  using store = new StreamStore(fields);
  store.appendColumns({ step: [0, 1, 2], a: [1, 2, 3], d: [1, 2, 3] });
  assert.throws(() => store.append(1, { b: 1 }), /step must be >= 2, got 1/);
  assert.throws(() => store.append(2, { b: 1 }), /fields after "d" must follow it/);
  store.appendColumns({ step: [3], a: [4] });
  store.append(3, { d: 4 });
  assert.deepEqual([...store.column("d").values], [1, 2, 3, 4]);
});

test("append() goes on with a step that a killed process wrote", () => {
  const path = newPath();
  const mod = new URL("../../mod.ts", import.meta.url).href;
  const source = `import { StreamStore } from ${JSON.stringify(mod)};
    const store = StreamStore.open(${
    JSON.stringify(path)
  }, { fields: { a: 0, b: 1, c: 2, d: 3 }, commitEvery: false });
    store.append(4, { a: 1, b: [] });
    process.kill(process.pid, "SIGKILL");`;
  const script = new URL("./goes_on_child.ts", `file://${path}`).pathname;
  writeFileSync(script, `import process from "node:process";\n${source}`);
  const config = isDeno ? ["--config", new URL("../../deno.json", import.meta.url).pathname] : [];
  const child = spawnSync(process.execPath, [...runFlags, ...config, script]);
  assert.equal(child.signal, "SIGKILL", String(child.stderr));
  using store = StreamStore.open(path);
  assert.equal(store.recovery.recoveredTokens, 1);
  assert.throws(() => store.append(4, { b: 9 }), RangeError);
  store.append(4, { c: 5 });
  assert.deepEqual(store.rows(), [{ step: 4, a: 1, b: new Float64Array(0), c: 5 }]);
});

test("append() of null takes no field's turn, in either form", () => {
  const orders = [["a", "b"], ["b", "a"]] as const;
  for (const names of orders) {
    for (const isSplit of [false, true]) {
      using named = new StreamStore(fields);
      using sequences = new StreamStore(fields);
      const [absent, present] = names;
      if (isSplit) {
        named.append(0, { [absent]: null });
        named.append(0, { [present]: 1 });
        sequences.append([0], [absent], [null as unknown as number]);
        sequences.append([0], [present], [1]);
      } else {
        named.append(0, { [absent]: null, [present]: 1 });
        sequences.append([0, 0], names, [null as unknown as number, 1]);
      }
      sequences.append([0], ["c"], [3]);
      named.append(0, { c: 3 });
      assert.deepEqual(sequences.rows(), named.rows());
      assert.deepEqual(sequences.rows(), [{ step: 0, [present]: 1, c: 3 }]);
    }
  }
});
