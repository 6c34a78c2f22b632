/** `diff` and `repack`. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { call, callAtOnce, inFolder, noTerminal, onTerminal } from "../support/cli/command.ts";
import { fillUp, makeRun } from "../support/cli/stores.ts";
import { withMount } from "../support/full_disk/mount.ts";

test("repack copies every row, with what stands beside it, and diff finds no difference", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder, 10_000);
    const { code, output, errors } = await call(folder, "repack", "run.stream", "copy.stream");
    assert.deepEqual([code, errors], [0, ""]);
    assert.match(output, /^copy\.stream: 10,000 rows, [\d.]+ [KM]B\n$/);
    assert.deepEqual(readdirSync(folder).sort(), ["copy.stream", "run.stream"]);
    using source = StreamStore.open(path, { mode: "read" });
    using copy = StreamStore.open(join(folder, "copy.stream"), { mode: "read" });
    assert.deepEqual(copy.fields, source.fields);
    assert.deepEqual(copy.extras, source.extras);
    assert.deepEqual(copy.rows(), source.rows());
    const { code: same, output: told } = await call(folder, "diff", "run.stream", "copy.stream");
    assert.deepEqual([same, told], [0, "The same: 10,000 rows\n"]);
    assert.equal(
      (await call(folder, "diff", "run.stream", "copy.stream", "--json")).output,
      '{"same": true, "rows": 10000}\n',
    );
  }));

test("repack --seal makes a store that nobody appends to", () =>
  inFolder(async (folder) => {
    makeRun(folder, 100);
    assert.equal((await call(folder, "repack", "run.stream", "copy.stream", "--seal")).code, 0);
    const copied = join(folder, "copy.stream");
    assert.throws(() => StreamStore.open(copied), /it is sealed/);
    using copy = StreamStore.open(copied, { mode: "read" });
    assert.equal(copy.rowCount, 100);
    assert.match((await call(folder, "verify", "copy.stream")).output, /copy\.stream/);
  }));

test("repack keeps empty lists, rows without a token, lists of one and of different lengths, and type IDs", () =>
  inFolder(async (folder) => {
    const fields = { list: { type: 7, dtype: "int16" }, one: { type: -3, dtype: "uint64" } } as const;
    const source = StreamStore.open(join(folder, "odd.stream"), { fields });
    const rows = [{ list: [1, 2, 3] }, { list: [] }, {}, { list: [5], one: 2n ** 64n - 1n }, { one: 1 }];
    for (const [i, row] of [...rows, ...rows].entries()) source.append(3 * i, row);
    source.close();
    assert.equal((await call(folder, "repack", "odd.stream", "copy.stream")).code, 0);
    using again = StreamStore.open(join(folder, "odd.stream"), { mode: "read" });
    using copy = StreamStore.open(join(folder, "copy.stream"), { mode: "read" });
    assert.deepEqual(copy.rows(), again.rows());
    assert.deepEqual(copy.fields, again.fields);
  }));

test("repack keeps where writers began", () =>
  inFolder(async (folder) => {
    const path = join(folder, "run.stream");
    for (const to of [3, 5, 5, 6000, 6001]) {
      using writer = StreamStore.open(path, { fields: { reward: 0 } });
      while (writer.rowCount < to) {
        writer.append(writer.rowCount, writer.rowCount % 7 === 3 ? {} : { reward: 1 });
      }
    }
    for (
      const [rows, sessions] of [["0:", [0, 3, 5, 6000]], ["4:", [0, 1, 5996]], ["5:6000", [0]]] as const
    ) {
      assert.equal((await call(folder, "repack", "run.stream", `${rows}.copy`, "--rows", rows)).code, 0);
      const copied = join(folder, `${rows}.copy`);
      using copy = StreamStore.open(copied, { mode: "read" });
      assert.deepEqual(copy.sessions, sessions);
      copy.close();
      // The next writer of the copy begins like any other.
      using writer = StreamStore.open(copied);
      writer.append(7000, { reward: 1 });
      assert.deepEqual(writer.sessions, [...sessions, writer.rowCount - 1]);
    }
  }));

test("repack takes a part of the rows, and other dtypes, as the values round to them", () =>
  inFolder(async (folder) => {
    makeRun(folder, 100);
    const args = ["--rows", "10:-80", "--dtype", "reward=float32", "--dtype", "action=float16"];
    const { output } = await call(folder, "repack", "run.stream", "small.stream", ...args, "--json");
    assert.equal(JSON.parse(output).rows, 10);
    using small = StreamStore.open(join(folder, "small.stream"), { mode: "read" });
    assert.deepEqual(small.fields.map(({ dtype }) => dtype), ["float16", "float32", "float32", "bool"]);
    assert.deepEqual(small.row(2), {
      step: 130,
      action: 0,
      observation: Float32Array.of(0.1 * 12, 9 - 12),
      reward: 3,
      done: 0,
      extra: { prompt: 'Push "12".' },
    });
  }));

test("repack says what a dtype cannot hold, and which names and dtypes there are, and leaves nothing", () =>
  inFolder(async (folder) => {
    makeRun(folder, 100);
    const wrong: [string[], number, RegExp][] = [
      [["new.stream", "--dtype", "reward=uint8"], 1, /"reward".*uint8.*got 0\.5/],
      [["new.stream", "--dtype", "rewrad=uint8"], 2, /no field "rewrad" \(did you mean "reward"\?\)/],
      [["new.stream", "--dtype", "reward=flaot32"], 2, /no dtype "flaot32" \(did you mean "float32"\?\)/],
      [["new.stream", "--dtype", "reward"], 2, /field=dtype, got "reward"/],
      [["new.stream", "--rows", "a:b"], 2, /from:to, got "a:b"/],
      [["run.stream"], 2, /something at run\.stream already/],
    ];
    for (const [args, code, message] of wrong) {
      const ended = await call(folder, "repack", "run.stream", ...args);
      assert.match(ended.errors, message);
      assert.deepEqual([ended.code, ended.output, readdirSync(folder)], [code, "", ["run.stream"]]);
    }
  }));

test("diff names the first row and the field in which two stores differ, and ends with 1", () =>
  inFolder(async (folder) => {
    const made = (name: string, change: (row: number) => object, rows = 6000) => {
      const store = StreamStore.open(join(folder, name), {
        fields: ["value", "list"],
        extra: { text: "string" },
      });
      for (let row = 0; row < rows; row++) {
        const { text = "a", ...values } = { value: row, list: [0, row], ...change(row) } as { text?: string };
        store.append(row, values, { text });
      }
      store.close();
    };
    made("one.stream", () => ({}));
    const at = (row: number, values: object) => (here: number) => here === row ? values : {};
    const cases: [(row: number) => object, string][] = [
      [at(5000, { value: -0 }), "value of row 5,000: 5000 in one.stream, -0 in two.stream"],
      [at(5, { list: [0, 5, 1] }), "list of row 5: [0, 5] in one.stream, [0, 5, 1] in two.stream"],
      [at(7, { list: [] }), "list of row 7: [0, 7] in one.stream, [] in two.stream"],
      [at(7, { list: undefined }), "list of row 7: [0, 7] in one.stream, - in two.stream"],
      [at(9, { text: "b" }), 'text of row 9: "a" in one.stream, "b" in two.stream'],
    ];
    for (const [i, [change, message]] of cases.entries()) {
      made(`two${i}.stream`, change);
      const { code, output } = await call(folder, "diff", "one.stream", `two${i}.stream`);
      assert.deepEqual([code, output], [1, `Different in ${message.replace("two.", `two${i}.`)}\n`]);
    }
    made("short.stream", () => ({}), 10);
    const { output } = await call(folder, "diff", "one.stream", "short.stream");
    assert.equal(output, "Different in the number of rows: 6,000 in one.stream, 10 in short.stream\n");
    makeRun(folder);
    const { code, output: json } = await call(folder, "diff", "one.stream", "run.stream", "--json");
    assert.equal(code, 1);
    assert.equal(JSON.parse(json).what, "fields");
  }));

test(
  "Ctrl-C ends repack with 130, and leaves nothing",
  { skip: noTerminal },
  () =>
    inFolder(async (folder) => {
      const store = StreamStore.open(join(folder, "long.stream"), { fields: ["value", "other"] });
      // A field that is missing now and then is copied row by row.
      for (let block = 0; block < 300; block++) {
        const first = 10_000 * block;
        store.append(first, {});
        const step = Float64Array.from({ length: 9_999 }, (_, i) => first + 1 + i);
        store.appendColumns({ step, value: step, other: step });
      }
      store.close();
      const { code, output } = await onTerminal(
        folder,
        ["repack", "long.stream", "copy.stream"],
        "Repacking",
      );
      assert.equal(code, 130, output);
      assert.deepEqual(readdirSync(folder), ["long.stream"]);
    }),
);

test("repack onto a full disk fails with 1, and leaves nothing", async (context) => {
  let reason: string | null = null;
  await inFolder((folder) => {
    const path = makeRun(folder, 100);
    reason = withMount("tmpfs", (directory) => {
      fillUp(join(directory, "ballast"));
      const { code, errors } = callAtOnce(directory, "repack", path, "copy.stream");
      assert.equal(code, 1);
      assert.match(errors, /^streamstore: Cannot .*(space|full|room)/);
      assert.ok(!existsSync(join(directory, "copy.stream")));
      assert.deepEqual(readdirSync(directory), ["ballast"]);
    });
    return Promise.resolve();
  });
  if (reason !== null) context.skip(reason);
});
