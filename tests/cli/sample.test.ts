/** `sample`: batches as text, JSON and Arrow, beside what the sampler itself gives. */
import assert from "node:assert/strict";
import { tableFromIPC } from "apache-arrow";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findPython, noPython } from "../../bench/harness/python.ts";
import { StreamStore } from "../../mod.ts";
import { call, inFolder, noTerminal, onTerminal, shell } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";

const padded = [
  "sample",
  "run.stream",
  "--steps",
  "3",
  "--fields",
  "observation:2,reward:1",
  "--episodes",
  "end=done",
];

const expected = `\
batch 0: 2 windows, observation [2, 3, 2], reward [2, 3, 1]

window 0: from row 0, 1 of 3
  place  step  observation  reward
      0     ·            ·       ·
      1     ·            ·       ·
      2    10       [0, 9]       0

window 1: from row 0, 2 of 3
  place  step  observation  reward
      0     ·            ·       ·
      1    10       [0, 9]       0
      2    20     [0.1, 8]       -
`;

test("sample prints windows with their padding, and rows without a field", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const ended = await call(folder, ...padded, "--boundary", "pad-left", "-n", "1");
    assert.deepEqual(ended, { code: 0, output: expected, errors: "" });
  }));

test(
  "sample prints the same on a terminal, with bold titles",
  { skip: noTerminal },
  () =>
    inFolder(async (folder) => {
      makeRun(folder);
      const { output } = await onTerminal(folder, [...padded, "--boundary", "pad-left", "-n", "1"]);
      assert.equal(output, expected.replace(/^ {2}(place.*)$/gm, "  \u001b[1m$1\u001b[22m"));
    }),
);

test("sample prints tokens by their fields, and rows around an anchor with what lies outside of the episode", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const { output } = await call(
      folder,
      "sample",
      "run.stream",
      "--tokens",
      "4",
      "--batch-size",
      "1",
      "-n",
      "1",
    );
    assert.equal(
      output,
      `batch 0: 1 windows, values [1, 4]\n\nwindow 0: from token 0, 4 of 4\n` +
        `  place  step        field  value\n      0    10       action      0\n      1    10  observation      0\n` +
        `      2    10  observation      9\n      3    10       reward      0\n`,
    );
    const around = ["--offsets", "action=-1..1", "--episodes", "end=done", "--batch-size", "1", "-n", "1"];
    const { output: offsets } = await call(folder, "sample", "run.stream", ...around);
    assert.equal(
      offsets,
      `batch 0: 1 windows, action [1, 3, 1]\n\nwindow 0: around row 0\n` +
        `  offset  padding  action\n      -1        ·       0\n       0                0\n       1                1\n`,
    );
  }));

test("sample --json has what the sampler gives with the same options and seed", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder, 200);
    const args = [
      ...padded,
      "--order",
      "shuffle",
      "--seed",
      "7",
      "--batch-size",
      "4",
      "--boundary",
      "pad-right",
    ];
    const { output } = await call(
      folder,
      ...args,
      "--extra",
      "prompt",
      "--normalize",
      "--stride",
      "2",
      "--json",
    );
    const found = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(found.length, 3);
    using store = StreamStore.open(path, { mode: "read" });
    const sampler = store.sampler({
      steps: 3,
      fields: { observation: 2, reward: 1 },
      episodes: { end: "done" },
      order: "shuffle",
      seed: 7,
      batchSize: 4,
      boundary: "pad-right",
      extra: ["prompt"],
      normalize: true,
      stride: 2,
    });
    for (const batch of found) {
      const wanted = sampler.next()!;
      assert.deepEqual(batch.starts, [...wanted.starts]);
      assert.deepEqual(batch.mask.flat(), [...wanted.mask]);
      assert.deepEqual(batch.steps.flat(), [...wanted.steps].map(Number));
      assert.deepEqual(batch.extra.prompt, wanted.extra.prompt);
      for (const name of ["observation", "reward"] as const) {
        assert.deepEqual(batch.fields[name].values.flat(2), [...wanted.fields[name].values]);
        assert.deepEqual(batch.fields[name].mask.flat(2), [...wanted.fields[name].mask]);
      }
    }
  }));

test("sample of several stores is a mixture, and says of each window which store it is from", () =>
  inFolder(async (folder) => {
    const paths = [makeRun(folder, 50), makeRun(folder, 90, "other.stream")];
    const options = "--steps 2 --fields observation,reward:1 --order shuffle --seed 3 --batch-size 16 -n 2";
    const args = ["sample", "run.stream", "other.stream", ...options.split(" ")];
    const { code, output, errors } = await call(folder, ...args, "--json");
    assert.deepEqual([code, errors], [0, ""]);
    const found = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    const stores = paths.map((path) => StreamStore.open(path, { mode: "read" }));
    const mixture = StreamStore.mixture(stores, {
      steps: 2,
      fields: { observation: 2, reward: 1 },
      order: "shuffle",
      seed: 3,
      batchSize: 16,
    });
    const sources: number[] = [];
    for (const batch of found) {
      const wanted = mixture.next()!;
      assert.deepEqual([batch.sources, batch.starts], [[...wanted.sources!], [...wanted.starts]]);
      assert.deepEqual(batch.fields.observation.values.flat(2), [...wanted.fields.observation.values]);
      sources.push(...batch.sources);
    }
    assert.deepEqual([...new Set(sources)].sort(), [0, 1]);
    for (const store of stores) store.close();
    const { output: text } = await call(folder, ...args);
    const told = [...text.matchAll(/^window \d+: from row \d+, 2 of 2, in (\S+)$/gm)].map(([, path]) => path);
    assert.deepEqual(told, sources.map((source) => ["run.stream", "other.stream"][source]));
    await shell(folder, `streamstore ${args.join(" ")} --format arrow > batches.arrows`);
    const { batches } = tableFromIPC(readFileSync(join(folder, "batches.arrows")));
    assert.deepEqual(batches.flatMap((batch) => [...batch.getChild("sources")!]), sources);
  }));

test("sample refuses stores whose fields differ, with 2, and names the one that is not there, with 1", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    StreamStore.open(join(folder, "other.stream"), { fields: ["reward"] }).close();
    const differ = await call(folder, "sample", "run.stream", "other.stream");
    assert.deepEqual([differ.code, differ.output], [2, ""]);
    assert.match(differ.errors, /sources\[1\]\.store must have the fields of the first/);
    const missing = await call(folder, "sample", "run.stream", "none.stream");
    assert.deepEqual([missing.code, missing.output], [1, ""]);
    assert.match(missing.errors, /none\.stream/);
  }));

const arrowArgs =
  "--steps 4 --fields observation:2:float64,reward:1:float16 --extra prompt,frame --seed 3 --order shuffle";

test("sample --format arrow is a stream of batches, with tensors of a fixed shape", () =>
  inFolder(async (folder) => {
    const path = makeRun(folder, 300);
    const { code, errors } = await shell(
      folder,
      `streamstore sample run.stream ${arrowArgs} -n 2 --format arrow > batches.arrows`,
    );
    assert.deepEqual([code, errors], [0, ""]);
    const table = tableFromIPC(readFileSync(join(folder, "batches.arrows")));
    assert.deepEqual(table.batches.map(({ numRows }) => numRows), [256, 256]);
    using store = StreamStore.open(path, { mode: "read" });
    const sampler = store.sampler({
      steps: 4,
      fields: { observation: { width: 2, dtype: "float64" }, reward: { width: 1, dtype: "float16" } },
      extra: ["prompt", "frame"],
      order: "shuffle",
      seed: 3,
    });
    for (const found of table.batches) {
      const batch = sampler.next()!;
      const flat = (name: string) => {
        const data = found.getChild(name)!.data[0];
        return (data.children[0] ?? data).values;
      };
      assert.deepEqual([...flat("starts")].map(Number), [...batch.starts]);
      assert.deepEqual(flat("steps"), batch.steps);
      assert.deepEqual(flat("mask"), batch.mask);
      assert.deepEqual(flat("fields.observation"), batch.fields.observation.values);
      const { buffer, byteOffset, length } = batch.fields.reward.values;
      assert.deepEqual(flat("fields.reward"), new Uint16Array(buffer, byteOffset, length));
      const extras = found.getChild("extra.prompt")!.toArray() as unknown as { toArray(): string[] }[];
      assert.deepEqual(Array.from(extras, (list) => [...list.toArray()]), batch.extra.prompt);
    }
    const field = table.schema.fields.find(({ name }) => name === "fields.observation")!;
    assert.equal(field.metadata.get("ARROW:extension:name"), "arrow.fixed_shape_tensor");
    assert.deepEqual(JSON.parse(field.metadata.get("ARROW:extension:metadata")!), { shape: [4, 2] });
  }));

const python = findPython("pyarrow, numpy");

const script = `
import sys, json
import pyarrow as pa
found = []
for batch in pa.ipc.open_stream(sys.stdin.buffer):
    tensor = batch.column("fields.observation").to_numpy_ndarray()
    found.append([list(tensor.shape), float(tensor.sum()), batch.column("extra.prompt")[0].as_py()])
print(json.dumps(found))
`;

test(
  "sample --format arrow is read by Python as NumPy's arrays of shape [B, S, W]",
  { skip: python === null && `${noPython}: no Python has pyarrow` },
  () =>
    inFolder(async (folder) => {
      makeRun(folder, 300);
      writeFileSync(join(folder, "read.py"), script);
      const { code, output, errors } = await shell(
        folder,
        `streamstore sample run.stream ${arrowArgs} -n 2 --format arrow | '${python}' read.py`,
      );
      assert.deepEqual([code, errors], [0, ""]);
      const { output: json } = await call(
        folder,
        ..."sample run.stream --json".split(" "),
        ...arrowArgs.split(" "),
        "--batch-size",
        "256",
        "-n",
        "2",
      );
      const expected = json.trimEnd().split("\n").map((line) => JSON.parse(line)).map(({ fields, extra }) => {
        const values: number[] = fields.observation.values.flat(2);
        return [[256, 4, 2], values.reduce((sum, value) => sum + value, 0), extra.prompt[0]];
      });
      const found = JSON.parse(output);
      assert.deepEqual(
        found.map(([shape, , prompt]: unknown[]) => [shape, prompt]),
        expected.map(([shape, , prompt]) => [shape, prompt]),
      );
      for (const [i, [, sum]] of found.entries()) {
        assert.ok(Math.abs(sum - (expected[i][1] as number)) < 1e-6 * Math.abs(sum));
      }
    }),
);

test("sample says by name which option is wrong, and where there is no window why, and ends with 2", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const wrong: [string, RegExp][] = [
      ["--steps 4 --fields obsrvation:2", /no field "obsrvation" \(did you mean "observation"\?\)/],
      ["--steps 4 --episodes end=dune", /no field "dune" \(did you mean "done"\?\)/],
      ["--steps 4 --episodes dune", /end=FIELD, id=FIELD or rows, got "dune"/],
      ["--steps 400", /there must be a valid window of 400 steps, got none/],
      ["--order shufle", /no order "shufle" \(did you mean "shuffle"\?\)/],
      ["--order recent:2.5", /order\.decay must be a number between 0 and 1, got 2\.5/],
      ["--shard 2/2", /shard\.index/],
      ["--shard 2", /index\/count, got "2"/],
      ["--seed x", /A seed must be a whole number, got "x"/],
      ["--offsets action=1-3", /-1,0 or 0\.\.15, got "1-3"/],
      ["--fields observation:1 --steps 4", /observation.*truncate/],
    ];
    for (const [args, message] of wrong) {
      const { code, output, errors } = await call(folder, "sample", "run.stream", ...args.split(" "));
      assert.match(errors, message);
      assert.deepEqual([code, output], [2, ""], args);
    }
  }));

test("sample -n 0 goes on until nobody reads it", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const line =
      "streamstore sample run.stream --steps 2 --order uniform -n 0 --json 2> errors | head -n 3 | wc -l; echo ${PIPESTATUS[0]}; cat errors";
    assert.equal((await shell(folder, line)).output, "3\n0\n");
  }));
