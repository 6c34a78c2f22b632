/** `head` and `tail`, without -f. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { call, inFolder, noTerminal, onTerminal } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";

const table = `\
row  step  action  observation  reward  done  prompt         frame
  0    10       0       [0, 9]       0     0  "Push \\"0\\"."  -
  1    20       1     [0.1, 8]       -     0  "Push \\"1\\"."  -
  2    30       2     [0.2, 7]     0.5     0  "Push \\"2\\"."  -
  3    40       0     [0.3, 6]       -     0  "Push \\"3\\"."  3 bytes (JPEG)
`;

test("head writes the first rows as a table, as it stands on a pipe", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    assert.deepEqual(await call(folder, "head", "run.stream", "-n", "4"), {
      code: 0,
      output: table,
      errors: "",
    });
  }));

test("head writes the same on a terminal, with bold titles and lines that end where it does", {
  skip: noTerminal,
}, () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const [titles, ...rows] = table.split("\n");
    const expected = [`\u001b[1m${titles}\u001b[22m`, ...rows].join("\n");
    const { code, output } = await onTerminal(folder, ["head", "run.stream", "-n", "4"]);
    assert.deepEqual([code, output], [0, expected]);
    const wide = { fields: { values: 0 }, extra: { text: "string" } } as const;
    const store = StreamStore.open(`${folder}/wide.stream`, wide);
    const text = "語".repeat(200);
    store.append(0, { values: Array.from({ length: 50 }, (_, i) => i + 1 / 3) }, { text });
    store.close();
    const { output: cut } = await onTerminal(folder, ["head", "wide.stream"]);
    const [, row] = cut.split("\n");
    assert.ok(row.endsWith("…") && row.length <= 100, row);
  }));

test("tail writes the last rows, and of fields and extras only those that are asked for", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const { output } = await call(
      folder,
      "tail",
      "run.stream",
      "-n",
      "2",
      "--fields",
      "reward,frame",
      "--fields",
      "done",
    );
    assert.equal(
      output,
      "row  step  reward  done  frame\n 18   190     4.5     0  -\n 19   200       -     1  3 bytes (JPEG)\n",
    );
  }));

test("--format jsonl, and --json, are lines that JSON reads, with every value as the store has it", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder);
    const { output } = await call(folder, "head", "run.stream", "-n", "100", "--json");
    const found = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    using store = StreamStore.open(path, { mode: "read" });
    const expected = store.rows().map((row, i) => ({
      step: row.step,
      action: row.action,
      observation: [...row.observation as Float32Array],
      reward: row.reward ?? null,
      done: row.done,
      prompt: store.extra("prompt").get(i),
      frame: i % 4 === 3 ? btoa(String.fromCharCode(255, 216, i)) : null,
    }));
    assert.deepEqual(found, expected);
    assert.equal((await call(folder, "head", "run.stream", "-n", "100", "--format", "jsonl")).output, output);
  }));

test("--format jsonl keeps NaN, the infinities, -0 and integers beyond 2 ** 53", () =>
  inFolder(async (folder) => {
    const store = StreamStore.open(`${folder}/odd.stream`, { fields: { value: "float64", count: "int64" } });
    store.append(0, { value: [NaN, Infinity, -Infinity, -0], count: 2n ** 63n - 1n });
    store.append(2n ** 60n, { value: [] });
    store.close();
    const { output } = await call(folder, "head", "odd.stream", "--json");
    assert.equal(
      output,
      `{"step": 0, "value": [NaN, Infinity, -Infinity, -0.0], "count": 9223372036854775807}\n` +
        `{"step": 1152921504606846976, "value": [], "count": null}\n`,
    );
  }));

test("--format csv quotes as RFC 4180 says, and leaves a cell empty where there is nothing", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const { output } = await call(folder, "head", "run.stream", "-n", "2", "--format", "csv");
    assert.equal(
      output,
      `step,action,observation,reward,done,prompt,frame\n` +
        `10,0,"[0, 9]",0,0,"Push ""0"".",\n` +
        `20,1,"[0.10000000149011612, 8]",,0,"Push ""1"".",\n`,
    );
  }));

test("head and tail of a store without rows write its titles, and no line of JSON", () =>
  inFolder(async (folder) => {
    makeRun(folder, 0);
    const titles = "row  step  action  observation  reward  done  prompt  frame\n";
    for (const verb of ["head", "tail"]) {
      assert.equal((await call(folder, verb, "run.stream")).output, titles);
      assert.equal((await call(folder, verb, "run.stream", "--json")).output, "");
    }
  }));

test("head and tail of a store that has dropped rows begin with the first that it holds", () =>
  inFolder(async (folder) => {
    const store = StreamStore.open(`${folder}/log.stream`, {
      fields: { value: 0 },
      retain: { rows: 70_000 },
      capacity: 65_536,
    });
    const step = Float64Array.from({ length: 300_000 }, (_, i) => i);
    store.appendColumns({ step, value: step });
    store.flush();
    const { firstRow } = store;
    store.close();
    assert.ok(firstRow > 0);
    const { output } = await call(folder, "head", "log.stream", "-n", "1", "--json");
    assert.equal(output, `{"step": ${firstRow}, "value": ${firstRow}}\n`);
  }));
