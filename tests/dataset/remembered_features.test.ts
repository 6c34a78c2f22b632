/** Values appended behind rows that were loaded: what the loaded feature does not hold is refused, never rounded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dtype, type Feature, loadLeRobot, saveLeRobot, StreamStore } from "../../mod.ts";
import { filesIn, list, value } from "../support/saved.ts";
import { startHub } from "../support/hub/server.ts";
import { withDirectory } from "../torture/scratch.ts";
import { keepInMemory, smallChunks } from "../support/in_memory.ts";

keepInMemory();

/** A store that has loaded one row, 1, in a column of this feature. */
async function loaded(feature: Feature, dtype: Dtype = "float64"): Promise<StreamStore> {
  using source = new StreamStore({ a: 0 }, smallChunks);
  source.append(0, { a: 1 });
  const store = new StreamStore({ a: { type: 0, dtype } }, smallChunks);
  await store.fromDataset(await source.toDataset({ fieldFeatures: { a: feature } }));
  return store as unknown as StreamStore;
}

const payload = BigUint64Array.of(0x7ff8000000000001n);
const sign = BigUint64Array.of(0xfff8000000000000n);

/** One value behind, by its bits: a NaN that is a number may lose some on its way. */
function appendBits(store: StreamStore, given: number | BigUint64Array, step = 1): void {
  store.appendColumns({
    step: [step],
    a: typeof given === "number" ? [given] : new Float64Array(given.buffer),
  });
}

type Values = readonly (number | BigUint64Array)[];

const whole = [0, 1, 127];
const noIntegers = [-0, 0.5, NaN, Infinity, 1e300];

/** Of each type: what it holds bit for bit, and what it does not. */
const cases: Record<string, { readonly holds: Values; readonly lacks: Values }> = {
  float16: {
    holds: [0, -0, 0.5, 65504, 2 ** -24, Infinity, -Infinity, 2048, NaN, sign],
    lacks: [0.1, 2049, 65505, 65520, 1e5, 2 ** -25, 1e-300, 16777217, payload],
  },
  float32: {
    holds: [0, -0, 16777216, 16777218, 2 ** -149, 3.4028234663852886e38, Infinity, -Infinity, NaN, sign],
    lacks: [0.1, 16777217, 1e300, 3.5e38, 2 ** -150, 1e-300, 2 ** 53 - 1, payload],
  },
  float64: { holds: [0, -0, 0.1, 16777217, 1e300, 5e-324, -Infinity, NaN, payload], lacks: [] },
  int8: { holds: [...whole, -128], lacks: [...noIntegers, 128, -129] },
  uint8: { holds: [...whole, 255], lacks: [...noIntegers, 256, -1] },
  int16: { holds: [...whole, -32768], lacks: [...noIntegers, 32768] },
  uint16: { holds: [...whole, 65535], lacks: [...noIntegers, 65536, -1] },
  int32: { holds: [...whole, 2 ** 31 - 1], lacks: [...noIntegers, 2 ** 31] },
  uint32: { holds: [...whole, 2 ** 32 - 1], lacks: [...noIntegers, 2 ** 32, -1] },
  int64: { holds: [...whole, -(2 ** 63)], lacks: [...noIntegers, 2 ** 63] },
  uint64: { holds: [...whole, 2 ** 63], lacks: [...noIntegers, 2 ** 64, -1] },
  bool: { holds: [0, 1], lacks: [...noIntegers, 2, -1] },
  date32: { holds: [...whole, -(2 ** 31)], lacks: [...noIntegers, 2 ** 31] },
  "time32[ms]": { holds: whole, lacks: [...noIntegers, 2 ** 31] },
};
for (const unit of ["s", "ms", "us", "ns"]) {
  for (const name of [`timestamp[${unit}]`, `timestamp[${unit}, tz=Europe/Zurich]`, `duration[${unit}]`]) {
    cases[name] = { holds: [...whole, 2 ** 62], lacks: [...noIntegers, 2 ** 63] };
  }
}
for (const name of ["date64", "time64[us]", "time64[ns]"]) {
  cases[name] = { holds: whole, lacks: [...noIntegers, 2 ** 63] };
}

const shapes: ((dtype: string) => Feature)[] = [
  value,
  (dtype) => list(value(dtype)),
  (dtype) => list(value(dtype), 1),
  (dtype) => ({ feature: value(dtype), _type: "LargeList" }),
  (dtype) => ({ shape: [1, 1], dtype, _type: "Array2D" }),
];

function shown(given: number | BigUint64Array): string {
  if (typeof given !== "number") return "NaN of the bits 0x7ff8000000000001";
  return Object.is(given, -0) ? "-0" : String(given);
}

async function assertRefused(feature: Feature, dtype: string, given: number | BigUint64Array): Promise<void> {
  using store = await loaded(feature);
  appendBits(store, given);
  const [allowed, way] = dtype.startsWith("float")
    ? [`exact in ${dtype}`, "name that feature to have it rounded, or a wider one"]
    : [`a value of ${dtype}`, "name a wider feature"];
  await assert.rejects(store.toDataset(), {
    name: "RangeError",
    message: `Cannot convert to a dataset: "a" at row 1 must be ${allowed}, got ${
      shown(given)
    }; rows before it were loaded as ${dtype}: ${way}`,
  });
}

for (const [dtype, { holds, lacks }] of Object.entries(cases)) {
  test(`toDataset() gives what was appended to a column of ${dtype} bit for bit, or not at all`, async () => {
    for (const featureOf of shapes) {
      const feature = featureOf(dtype);
      using store = await loaded(feature);
      holds.forEach((given, i) => appendBits(store, given, 1 + i));
      const table = await store.toDataset();
      using copy = new StreamStore({ a: 0 }, smallChunks);
      await copy.fromDataset(table);
      const { bits } = copy.window(1, holds.length);
      for (const [i, given] of holds.entries()) {
        const [expected] = typeof given === "number"
          ? new BigUint64Array(Float64Array.of(given).buffer)
          : given;
        assert.equal(BigInt.asUintN(64, bits[i]), expected, `${dtype} ${given}`);
      }
      assert.deepEqual(JSON.parse(table.schema.metadata.get("huggingface")!).info.features.a, feature);
      if (lacks.length > 0) await assertRefused(feature, dtype, lacks[0]);
    }
    for (const given of lacks.slice(1)) await assertRefused(value(dtype), dtype, given);
  });
}

test("toDataset() of an integer field that was loaded from floats refuses what they do not hold", async () => {
  for (
    const [dtype, holds, lacks] of [["float16", 2048n, 2049n], ["float32", 2n ** 24n, 2n ** 24n + 1n], [
      "float64",
      2n ** 53n,
      2n ** 53n + 1n,
    ]] as const
  ) {
    for (const field of ["int64", "uint64"] as const) {
      using store = await loaded(value(dtype), field);
      store.append(1, { a: holds });
      assert.equal((await store.toDataset()).numRows, 2);
      store.append(2, { a: lacks });
      await assert.rejects(store.toDataset(), {
        name: "RangeError",
        message: new RegExp(`"a" at row 2 must be exact in ${dtype}, got ${lacks}`),
      });
    }
  }
});

test("toDataset() rounds values to a feature that is named", async () => {
  using store = await loaded(value("float32"));
  appendBits(store, 16777217);
  const narrow = await store.toDataset({ fieldFeatures: { a: value("float32") } });
  assert.deepEqual([...narrow.getChild("a")!.toArray()], [1, 16777216]);
  const wide = await store.toDataset({ fieldFeatures: { a: value("float64") } });
  assert.deepEqual([...wide.getChild("a")!.toArray()], [1, 16777217]);
});

test("saveDataset() that would round is refused in every format and at the Hub, and leaves nothing", () =>
  withDirectory(async (directory) => {
    using store = await loaded(value("float32"));
    appendBits(store, 0.1);
    for (const format of ["parquet", "disk", "arrow", "jsonl", "csv"] as const) {
      await assert.rejects(
        store.saveDataset(`${directory}/${format}`, "train", { format }),
        /exact in float32, got 0.1/,
      );
    }
    assert.deepEqual(filesIn(directory), []);
    const hub = await startHub();
    try {
      const options = { endpoint: hub.endpoint, token: hub.token };
      await assert.rejects(store.saveDataset("user/name", "train", options), /exact in float32, got 0.1/);
    } finally {
      await hub.close();
    }
  }));

test("toDataset() still refuses after the store is opened again, and after it loads twice", () =>
  withDirectory(async (directory) => {
    using source = await loaded(value("float32"));
    const table = await source.toDataset();
    const path = `${directory}/run.stream`;
    {
      using store = StreamStore.open(path, { fields: { a: 0 } });
      await store.fromDataset(table);
      await store.fromDataset(table);
    }
    using again = StreamStore.open(path, { fields: { a: 0 } });
    assert.equal(String((await again.toDataset()).schema.fields[0].type), "Float32");
    again.append(7, { a: 0.1 });
    await assert.rejects(again.toDataset(), /"a" at row 2 must be exact in float32, got 0.1/);
  }));

test("saveLeRobot() refuses what the loaded dtype would round, unless a dtype is named", () =>
  withDirectory(async (directory) => {
    using store = await loaded(value("float32"));
    appendBits(store, 16777217);
    const options = { fps: 10, episodes: { starts: [0] }, tasks: ["x"] };
    await assert.rejects(
      saveLeRobot(store, `${directory}/one`, options),
      /"a" at row 1 must be exact in float32, got 16777217/,
    );
    await saveLeRobot(store, `${directory}/two`, { ...options, features: { a: { dtype: "float32" } } });
    const { store: copy } = await loadLeRobot(`${directory}/two`);
    assert.deepEqual([...copy.column("a").values], [1, 16777216]);
    copy.close();
  }));
