/** `StreamStore.loadDataset()`: a store made of a dataset, wherever it is and whatever it is written as. */
import { tableFromArrays } from "apache-arrow";
import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Dtype, type LeftOutColumn, type NewDatasetOptions, StreamStore } from "../../mod.ts";
import { realData, skipRealData as skip } from "../support/dataset.ts";
import { everyDtype } from "../support/dtypes.ts";
import { retry, withHub } from "../support/hub/loading.ts";
import { assertSameStore, inFolder } from "../support/saved.ts";

const dtypesOf = (store: StreamStore) =>
  Object.fromEntries(store.fields.map(({ name, dtype }) => [name, dtype]));

test("loadDataset() of the class takes fields and dtypes from every format that has a schema", () =>
  inFolder(async (folder) => {
    using store = everyDtype();
    for (const name of ["x.parquet", "x.arrow", "x.arrows", "x"]) {
      const path = join(folder, name);
      await store.saveDataset(path, "test", { extra: { text: Array(6).fill("a") } });
      const leftOut: LeftOutColumn[] = [];
      using made = await StreamStore.loadDataset(path, "test", {
        onLeftOut: (column) => leftOut.push(column),
      });
      assert.deepEqual(made.fields, store.fields, name);
      assertSameStore(made, store);
      assert.deepEqual(leftOut, [{ name: "text", reason: "it holds no numbers" }], name);
    }
    const path = join(folder, "run.stream");
    (await StreamStore.loadDataset(join(folder, "x"), "test", { path, capacity: 100 })).close();
    using kept = StreamStore.open(path, { mode: "read" });
    assertSameStore(kept, store);
  }));

/** What a text is made into: the fields' dtypes, the rows, and what is left out. */
async function madeOf(name: string, text: string | Uint8Array, options: NewDatasetOptions = {}) {
  let made: unknown[] = [];
  await inFolder(async (folder) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    const leftOut: Record<string, string> = {};
    const onLeftOut = ({ name, reason }: LeftOutColumn) => leftOut[name] = reason.replace(folder, "…");
    using store = await StreamStore.loadDataset(path, "train", { onLeftOut, ...options });
    made = [dtypesOf(store), store.rows(), leftOut];
  });
  return made;
}

test("loadDataset() of the class looks through CSV for numbers, large integers, booleans and text", async () => {
  const text = "n,big,large,done,odd,word,none\n" +
    "1,9007199254740993,18446744073709551615,true,True,a,\n" +
    ",-9223372036854775808,,false,2,b,\n" +
    "0.5,,0,,,,\n";
  assert.deepEqual(await madeOf("x.csv", text), [
    { n: "float64", big: "int64", large: "uint64", done: "bool", odd: "float64", none: "float64" },
    [
      { step: 0, n: 1, big: 9007199254740993n, large: 2n ** 64n - 1n, done: 1, odd: 1 },
      { step: 1, big: -(2n ** 63n), done: 0, odd: 2 },
      { step: 2, n: 0.5, large: 0n },
    ],
    { word: 'it holds "a", in row 0 of …/x.csv (line 2)' },
  ]);
});

test("loadDataset() of the class says what to do about dates and words for null, and does as the options say", async () => {
  const text = "day;n;at\n2024-01-31;2;5\n1970-01-01;NA;7\n;1;9\n";
  const delimiter = ";";
  await assert.rejects(madeOf("x.csv", text, { csv: { delimiter }, columns: ["n"] }), (error) => {
    assert.match(
      String(error),
      /^TypeError: .*columns must be of numbers \(at\), got "n": it holds "NA", in row 1 of .*x.csv \(line 3\); csv: .*$/,
    );
    return true;
  });
  assert.deepEqual(await madeOf("x.csv", text, { csv: { delimiter } }), [
    { at: "float64" },
    [{ step: 0, at: 5 }, { step: 1, at: 7 }, { step: 2, at: 9 }],
    {
      day: 'it holds "2024-01-31", in row 0 of …/x.csv (line 2); csv: { dates: ["day"] } reads dates',
      n: 'it holds "NA", in row 1 of …/x.csv (line 3); csv: { nulls: ["NA"] } reads it as null',
    },
  ]);
  const csv = { delimiter, dates: ["day"], nulls: ["NA"] };
  const january = 1706659200000000n;
  assert.deepEqual(await madeOf("x.csv", text, { csv, sortBy: "n" }), [
    { day: "int64", n: "float64", at: "float64" },
    [{ step: 0, n: 1, at: 9 }, { step: 1, day: january, n: 2, at: 5 }, { step: 2, day: 0n, at: 7 }],
    {},
  ]);
  assert.deepEqual(await madeOf("x.csv", text, { csv, step: "at", columns: ["n"] }), [
    { n: "float64" },
    [{ step: 5, n: 2 }, { step: 7 }, { step: 9, n: 1 }],
    { day: "columns does not name it" },
  ]);
});

test("loadDataset() of the class looks through JSON, in all of its lines", async () => {
  const lines = [
    '{"n": 1, "list": [1, 2], "image": [[1, 2], [3, 4]], "flags": [true, false]}',
    '{"n": -0.0, "list": [], "late": 9007199254740993, "task": {"a": 1}}',
    '{"n": NaN, "late": 1, "task": null, "mixed": "a"}',
    '{"n": 2, "mixed": 1}',
  ];
  const expected = [
    { n: "float64", list: "float64", image: "float64", flags: "bool", late: "int64" },
    [
      {
        step: 0,
        n: 1,
        list: Float64Array.of(1, 2),
        image: Float64Array.of(1, 2, 3, 4),
        flags: Uint8Array.of(1, 0),
      },
      { step: 1, n: -0, list: new Float64Array(0), late: 9007199254740993n },
      { step: 2, n: NaN, late: 1n },
      { step: 3, n: 2 },
    ],
  ];
  const leftOut = (name: string) => ({
    task: `it holds {"a":1}, in row 1 of …/${name} (line 2)`,
    mixed: `it holds "a", in row 2 of …/${name} (line 3)`,
  });
  assert.deepEqual(await madeOf("x.jsonl", lines.join("\n")), [...expected, leftOut("x.jsonl")]);
  assert.deepEqual(await madeOf("x.json", `[${lines.join(",\n")}]`), [...expected, leftOut("x.json")]);
  assert.deepEqual(await madeOf("x.jsonl.gz", gzipSync(lines.join("\n"))), [
    ...expected,
    leftOut("x.jsonl.gz"),
  ]);
});

test("loadDataset() and fromParquet() of the class take the narrowest dtype that holds the columns of all files", () =>
  inFolder(async (folder) => {
    const none = { dtype: "null", _type: "Value" } as const;
    const cases: [name: string, dtypes: (Dtype | typeof none)[], expected: Dtype][] = [
      ["f", ["float32", "float64", "float16"], "float64"],
      ["i", ["uint8", "int8", "bool"], "int16"],
      ["w", ["uint32", "int32", "uint32"], "int64"],
      ["m", ["int16", "float16", "int8"], "float32"],
      ["d", ["int64", "uint64", "uint8"], "float64"],
      ["z", [none, "uint16", none], "uint16"],
    ];
    for (const format of ["parquet", "arrow"]) {
      const below = join(folder, format);
      mkdirSync(below);
      for (const file of [0, 1, 2]) {
        using store = new StreamStore(Object.fromEntries(cases.map(([name], type) => [name, { type }])));
        store.append(
          0,
          Object.fromEntries(cases.flatMap(([name, dtypes]) => dtypes[file] === none ? [] : [[name, 1]])),
        );
        const fieldFeatures = Object.fromEntries(cases.map(([name, dtypes]) => {
          const dtype = dtypes[file];
          return [name, typeof dtype === "string" ? { dtype, _type: "Value" as const } : dtype];
        }));
        await store.saveDataset(join(below, `${file}.${format}`), "train", { fieldFeatures });
      }
      using made = await StreamStore.loadDataset(below);
      const expected = Object.fromEntries(cases.map(([name, , dtype]) => [name, dtype]));
      assert.deepEqual(dtypesOf(made), expected, format);
      assert.deepEqual([made.rowCount, made.row(2)], [3, { step: 2, f: 1, i: 1, w: 1n, m: 1, d: 1 }]);
      if (format === "arrow") continue;
      using files = await StreamStore.fromParquet(below);
      assert.deepEqual([dtypesOf(files), files.rows()], [expected, made.rows()]);
    }
    // Nothing is rounded that a later file says more exactly.
    const exact = join(folder, "exact");
    mkdirSync(exact);
    for (const [name, x] of [["0", Float32Array.of(0.5)], ["1", Float64Array.of(0.1)]] as const) {
      using store = await StreamStore.fromDataset(tableFromArrays({ x }));
      await store.saveDataset(join(exact, `${name}.parquet`));
    }
    using made = await StreamStore.fromParquet(exact);
    assert.deepEqual(made.column("x").values, Float64Array.of(0.5, 0.1));
  }));

test("loadDataset() of the class leaves out what is text in one of the files", () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, "a.jsonl"), '{"x": 1, "y": 1}');
    writeFileSync(join(folder, "b.jsonl"), '{"x": 2, "y": "no"}');
    const leftOut: LeftOutColumn[] = [];
    using store = await StreamStore.loadDataset(folder, "train", {
      onLeftOut: (column) => leftOut.push(column),
    });
    assert.deepEqual(store.rows(), [{ step: 0, x: 1 }, { step: 1, x: 2 }]);
    assert.deepEqual(leftOut, [{
      name: "y",
      reason: `it holds "no", in row 0 of ${join(folder, "b.jsonl")} (line 1)`,
    }]);
  }));

test("loadDataset() of the class that fails leaves no store, and one that is there as it is", () =>
  inFolder(async (folder) => {
    const path = join(folder, "run.stream");
    const file = join(folder, "x.csv");
    const failing: [text: string, options: NewDatasetOptions, message: RegExp][] = [
      ["x\n1\n", { step: "y" }, /step column "y"/],
      ["x\n1\n1,2\n", {}, /must have 1 cells, got 2/],
      ["x\n[1]\n2\n", {}, /"x" at row 1 of .*x\.csv \(line 3\) must be a list, as in the rows before, got 2/],
      ["x\n1.5\n9007199254740993\n", {}, /"x" at row 1 of .*must be exact in float64/],
      ["", {}, /must have a column of numbers, got no columns/],
      ["x\n1\n", { sortBy: "y" }, /sortBy must name columns \(x\), got "y"/],
      ["x\n1\n", { format: "xml" as never }, /format must be/],
      ["x\n1\n", { mode: "read" } as never, /an option must be one of .*, got mode/],
    ];
    for (const [text, options, message] of failing) {
      writeFileSync(file, text);
      await assert.rejects(StreamStore.loadDataset(file, "train", { ...options, path }), message, text);
      assert.ok(!existsSync(path));
    }
    writeFileSync(file, "x\n1\n");
    (await StreamStore.loadDataset(file, "train", { path })).close();
    await assert.rejects(StreamStore.loadDataset(file, "train", { path }), { code: "already-exists" });
    using kept = StreamStore.open(path);
    assert.equal(kept.rowCount, 1);
    await assert.rejects(StreamStore.loadDataset(join(folder, "none.csv")), { code: "not-found" });
    await assert.rejects(StreamStore.loadDataset(file, "a b"), { name: "RangeError" });
  }));

test("loadDataset() of the class makes a store of what is at the Hub, to which appending goes on there", async () => {
  await withHub(async (hub) => {
    const options = { endpoint: hub.endpoint, token: hub.token, retry: { attempts: 2, pauseSeconds: 0.001 } };
    await inFolder(async (folder) => {
      using source = new StreamStore({ action: "uint8", observation: "float32" });
      const push = async (from: number, to: number, append: boolean) => {
        for (let step = from; step < to; step++) {
          source.append(step, { action: step, observation: [step, 0.5] });
        }
        const extra = { text: Array.from({ length: to }, () => "a") };
        await source.saveDataset("user/name", "train", { ...options, append, extra });
      };
      await push(0, 100, false);
      await push(100, 150, true);
      for (const isDescribed of [true, false]) {
        if (!isDescribed) hub.repository("user/name").write({ "README.md": null });
        const path = join(folder, String(isDescribed));
        const leftOut: string[] = [];
        hub.log.clear();
        using made = await StreamStore.loadDataset("user/name", "train", {
          ...options,
          path,
          onLeftOut: ({ name }) => leftOut.push(name),
        });
        assert.deepEqual(dtypesOf(made), { action: "uint8", observation: "float32" });
        assert.deepEqual([made.rows(), leftOut], [source.rows(), ["text"]]);
        assert.equal(hub.log.count({ path: "/resolve/", status: 302 }), 2, String(hub.log));
      }
      using plain = new StreamStore({ action: "uint8" });
      plain.append(0, { action: 1 });
      await plain.saveDataset("user/plain", "train", options);
      const path = join(folder, "plain");
      {
        using made = await StreamStore.loadDataset("user/plain", "train", { ...options, path });
        made.append(1, { action: 255 });
      }
      using again = StreamStore.open(path);
      await again.saveDataset("user/plain", "train", { ...options, append: true });
      using all = await StreamStore.loadDataset("user/plain", "train", options);
      assert.deepEqual(all.column("action").values, Uint8Array.of(1, 255));

      hub.faults.add({ host: "storage", skip: 1, status: 404, times: 1 });
      const missing = join(folder, "missing");
      await assert.rejects(StreamStore.loadDataset("user/name", "train", { ...options, path: missing }), {
        code: "input-output",
      });
      assert.ok(!existsSync(missing));
      const signal = AbortSignal.abort(new Error("enough"));
      await assert.rejects(StreamStore.loadDataset("user/name", "train", { ...options, signal }), /enough/);
      await assert.rejects(StreamStore.loadDataset("user/name", "test", options), { code: "not-found" });
    });
  });
});

test("loadDataset() of the class asks the Hub for footers once, and for the columns of numbers", () =>
  withHub(async (hub) => {
    const options = { endpoint: hub.endpoint, token: hub.token, retry };
    const count = 200_000;
    using source = new StreamStore({ large: "int64" });
    const large = BigInt64Array.from({ length: count }, (_, i) => BigInt(i) ** 3n * 0x9e3779b97f4a7n);
    source.appendColumns({ step: Float64Array.from(large, (_, i) => i), large });
    await source.saveDataset("user/large", "train", options);
    const size = hub.repository("user/large").read("data/train-00000-of-00001.parquet").length;
    assert.ok(size > 1_500_000, `${size} bytes`);
    hub.log.clear();
    using made = await StreamStore.loadDataset("user/large", "train", options);
    assert.deepEqual(made.column("large").values, large);
    // The end of the file, 512 KiB, has the footer.
    assert.ok(hub.log.bytes({ host: "storage" }) < size + (1 << 19) + 10_000, String(hub.log));
  }));

test("loadDataset() of the class makes stores of files that nobody here has written", { skip }, async () => {
  using robots = await StreamStore.loadDataset(join(realData, "lerobot-g1"));
  assert.deepEqual(dtypesOf(robots), {
    "observation.state": "float32",
    action: "float32",
    timestamp: "float32",
    frame_index: "int64",
    episode_index: "int64",
    index: "int64",
    task_index: "int64",
  });
  assert.deepEqual([robots.rowCount, robots.column("action").width], [7844, 26]);
  const leftOut: string[] = [];
  using weather = await StreamStore.loadDataset(join(realData, "mosaic/seattle-weather.parquet"), "train", {
    onLeftOut: ({ name }) => leftOut.push(name),
  });
  assert.deepEqual(Object.values(dtypesOf(weather)), ["int32", ...Array(4).fill("float64")]);
  assert.deepEqual(leftOut, ["weather"]);
  using walk = await StreamStore.loadDataset(join(realData, "mosaic/random-walk.parquet"));
  assert.deepEqual(Object.values(dtypesOf(walk)), ["int32", "float64"]);
});
