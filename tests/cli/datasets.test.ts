/** `import` and `export`: every format, LeRobot, and a Hub that the tests have. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, StreamStore } from "../../mod.ts";
import {
  call,
  callAtOnce,
  inFolder,
  noTerminal,
  onTerminal,
  withEnvironment,
} from "../support/cli/command.ts";
import { fillUp, makeRun } from "../support/cli/stores.ts";
import { withMount } from "../support/full_disk/mount.ts";
import { startHub } from "../support/hub/server.ts";

/** Numbers and text only, which every format has. */
function makePlain(folder: string, rows = 200): StreamStore {
  const path = join(folder, "plain.stream");
  const fields = { action: "uint8", observation: "float32", done: "bool" } as const;
  const store = StreamStore.open(path, { fields, extra: { prompt: "string" } });
  for (let row = 0; row < rows; row++) {
    store.append(row, { action: row % 3, observation: [row, 1 / (row + 1)], done: row % 50 === 49 }, {
      prompt: `p${row % 7}`,
    });
  }
  store.close();
  return StreamStore.open(path, { mode: "read" }) as StreamStore;
}

const targets = ["./disk", "runs.parquet", "runs.arrow", "runs.arrows", "runs.jsonl", "runs.csv"];

for (const target of targets) {
  test(`export to ${target} and import from it give the same rows, and fields by the file's schema`, () =>
    inFolder(async (folder) => {
      using source = makePlain(folder);
      const saved = await call(folder, "export", "plain.stream", target);
      assert.deepEqual(saved, { code: 0, output: `${target}: 200 rows as train\n`, errors: "" });
      const { code, output, errors } = await call(folder, "import", target, "copy.stream");
      assert.deepEqual([code, errors], [0, ""]);
      assert.deepEqual(
        readdirSync(folder).sort(),
        ["copy.stream", "plain.stream", target.replace("./", "")].sort(),
      );
      using copy = StreamStore.open(join(folder, "copy.stream"), { mode: "read" });
      // Text has no types.
      const isTyped = !/jsonl|csv/.test(target);
      if (isTyped) assert.deepEqual(copy.fields, source.fields);
      assert.match(
        output,
        new RegExp(`^copy\\.stream: 200 rows; action: ${isTyped ? "uint8" : "float64"}, `),
      );
      assert.deepEqual(copy.extras, [{ name: "prompt", kind: "string" }]);
      for (const [row, expected] of source.rows().entries()) {
        const values = copy.row(row);
        assert.deepEqual(
          [
            values.action,
            [...values.observation as Float64Array],
            values.done,
            copy.extra("prompt").get(row),
          ],
          [
            expected.action,
            [...expected.observation as Float32Array],
            expected.done,
            source.extra("prompt").get(row),
          ],
        );
      }
    }));
}

test("export --format makes a folder of it, --step writes the steps, and import takes them and sorts", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    for (const format of ["parquet", "arrow"]) {
      const args = ["--format", format, "--split", "test", "--step", "time", "--json"];
      const { output } = await call(folder, "export", "run.stream", `./${format}`, ...args);
      assert.deepEqual(JSON.parse(output), { target: `./${format}`, split: "test", rows: 20 });
      const made = await call(
        folder,
        "import",
        `./${format}`,
        `${format}.stream`,
        "--split",
        "test",
        "--step",
        "time",
      );
      assert.deepEqual([made.code, made.errors], [0, ""]);
      assert.equal(
        (await call(folder, "diff", "run.stream", `${format}.stream`)).output,
        "The same: 20 rows\n",
      );
    }
    const sorted = ["--split", "test", "--sort-by", "action,time", "--columns", "action,time", "--no-extra"];
    const { code, errors } = await call(folder, "import", "./parquet", "sorted.stream", ...sorted);
    assert.deepEqual([code, errors], [0, ""]);
    using store = StreamStore.open(join(folder, "sorted.stream"), { mode: "read" });
    const { values } = store.column("action");
    assert.deepEqual([...values], [...values].sort());
    assert.deepEqual(store.extras, []);
  }));

test("import --append appends to a store that is there, and what fails leaves it as it was", () =>
  inFolder(async (folder) => {
    using _source = makePlain(folder);
    await call(folder, "export", "plain.stream", "runs.parquet");
    await call(folder, "import", "runs.parquet", "copy.stream");
    const { output } = await call(folder, "import", "runs.parquet", "copy.stream", "--append");
    assert.match(output, /^copy\.stream: 200 rows more; action: uint8, /);
    writeFileSync(join(folder, "bad.jsonl"), '{"action": 1}\n{"action": 1.5}\n');
    const { code, errors } = await call(folder, "import", "bad.jsonl", "copy.stream", "--append");
    assert.equal(code, 1);
    assert.match(errors, /"action".*1\.5/);
    using store = StreamStore.open(join(folder, "copy.stream"));
    assert.equal(store.rowCount, 400);
    const locked = await call(folder, "import", "runs.parquet", "copy.stream", "--append");
    assert.equal(locked.code, 1);
    assert.match(locked.errors, /process \d+ is writing it/);
  }));

test("import says which columns are left out, and why", () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, "runs.jsonl"), '{"action": 1, "meta": {"a": 1}, "step": 3}\n');
    const { code, errors } = await call(folder, "import", "runs.jsonl", "run.stream");
    assert.equal(code, 0);
    assert.match(errors, /^streamstore: left out: meta: /m);
    assert.match(errors, /^streamstore: left out: step: no field can be named "step"/m);
    const { output } = await call(folder, "import", "runs.jsonl", "other.stream", "--step", "step", "--json");
    const { leftOut, fields } = JSON.parse(output);
    assert.deepEqual(fields, [{ name: "action", type: 0, dtype: "float64" }]);
    assert.deepEqual(leftOut.map(({ name }: { name: string }) => name), ["meta"]);
  }));

test("export and import of LeRobot: rows, episodes and tasks", () =>
  inFolder(async (folder) => {
    using source = makePlain(folder);
    const args = [
      "--format",
      "lerobot",
      "--fps",
      "10",
      "--episodes",
      "end=done",
      "--task",
      "Push.",
      "--fields",
      "action,observation,done",
    ];
    const saved = await call(folder, "export", "plain.stream", "./robot", ...args);
    assert.deepEqual(saved, { code: 0, output: "./robot: 200 rows\n", errors: "" });
    const { store, episodes, tasks } = await loadLeRobot(join(folder, "robot"));
    assert.deepEqual([store.rowCount, episodes.starts, tasks], [200, [0, 50, 100, 150], ["Push."]]);
    store.close();
    const made = await call(folder, "import", "./robot", "copy.stream");
    assert.deepEqual([made.code, made.errors], [0, ""]);
    using copy = StreamStore.open(join(folder, "copy.stream"), { mode: "read" });
    assert.deepEqual(copy.column("observation").values, source.column("observation").values);
    assert.equal(copy.extra("task").get(7), "Push.");
    for (
      const [wrong, message] of [[["--fps", "10"], /need --format lerobot/], [
        ["--format", "lerobot"],
        /needs --fps/,
      ]] as const
    ) {
      const { code, errors } = await call(folder, "export", "plain.stream", "./other", ...wrong);
      assert.equal(code, 2);
      assert.match(errors, message);
    }
  }));

test("export to the Hub, --append of what is new, and import from it", () =>
  inFolder(async (folder) => {
    makeRun(folder, 100);
    const hub = await startHub({});
    try {
      const environment = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: hub.token };
      const there = (...args: string[]) => withEnvironment(environment, folder, ...args);
      const pushed = await there("export", "run.stream", "user/name", "--step", "time");
      assert.deepEqual(pushed, { code: 0, output: "user/name: 100 rows as train\n", errors: "" });
      const store = StreamStore.open(join(folder, "run.stream"));
      store.append(5000, { action: 1, observation: [1, 2], done: true });
      store.close();
      const appended = await there("export", "run.stream", "user/name", "--step", "time", "--append");
      assert.deepEqual([appended.code, appended.errors], [0, ""]);
      const made = await there("import", "user/name", "copy.stream", "--step", "time");
      assert.deepEqual([made.code, made.errors], [0, ""]);
      assert.equal((await call(folder, "diff", "run.stream", "copy.stream")).output, "The same: 101 rows\n");
      const none = await there("import", "user/none", "none.stream");
      assert.equal(none.code, 1);
      assert.match(none.errors, /user\/none/);
    } finally {
      await hub.close();
    }
    assert.ok(!existsSync(join(folder, "none.stream")));
  }));

test("import and export say what is not there, is damaged, or is in the way, and leave nothing", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    writeFileSync(join(folder, "bad.parquet"), "PAR1 no PAR1");
    const before = readdirSync(folder);
    const cases: [string[], number, RegExp][] = [
      [["import", "./none.parquet", "new.stream"], 1, /Cannot load a dataset|Cannot make a store/],
      [["import", "bad.parquet", "new.stream"], 1, /bad\.parquet/],
      [["import", "bad.parquet", "run.stream"], 2, /something at run\.stream already/],
      [["import", "bad.parquet", "none/new.stream"], 2, /There is no folder/],
      [["import", "bad.parquet", "new.stream", "--append"], 1, /there is none/],
      [["export", "none.stream", "runs.parquet"], 1, /there is none/],
      [["export", "run.stream", "runs.jsonl"], 1, /"frame" must be/],
      [["export", "run.stream", "runs.parquet", "--format", "xml"], 2, /choices/],
    ];
    for (const [args, code, message] of cases) {
      const ended = await call(folder, ...args);
      assert.match(ended.errors, message);
      assert.deepEqual([ended.code, ended.output, readdirSync(folder)], [code, "", before], args.join(" "));
    }
  }));

test(
  "Ctrl-C ends import and export with 130, and leaves nothing",
  { skip: noTerminal },
  () =>
    inFolder(async (folder) => {
      const store = StreamStore.open(join(folder, "long.stream"), { fields: ["value", "other"] });
      const step = Float64Array.from({ length: 2_000_000 }, (_, i) => i);
      store.appendColumns({ step, value: step, other: step });
      store.close();
      const saved = await onTerminal(folder, ["export", "long.stream", "runs.jsonl"], "Exporting");
      assert.equal(saved.code, 130, saved.output);
      assert.deepEqual(readdirSync(folder), ["long.stream"]);
      writeFileSync(join(folder, "runs.jsonl"), '{"value": 1, "other": 2.5}\n'.repeat(1_000_000));
      const made = await onTerminal(folder, ["import", "runs.jsonl", "new.stream"], "Importing");
      assert.equal(made.code, 130, made.output);
      assert.deepEqual(readdirSync(folder).sort(), ["long.stream", "runs.jsonl"]);
    }),
);

test("import and export onto a full disk fail with 1, and leave nothing", async (context) => {
  let reason: string | null = null;
  await inFolder(async (folder) => {
    const path = makeRun(folder, 1000);
    const runs = join(folder, "runs.parquet");
    await call(folder, "export", path, runs);
    reason = withMount("tmpfs", (directory) => {
      fillUp(join(directory, "ballast"));
      for (const args of [["export", path, "./runs.arrow"], ["import", runs, "new.stream"]]) {
        const { code, errors } = callAtOnce(directory, ...args);
        assert.equal(code, 1);
        assert.match(errors, /space|full|room/);
        assert.deepEqual(readdirSync(directory), ["ballast"]);
      }
    });
  });
  if (reason !== null) context.skip(reason);
});
