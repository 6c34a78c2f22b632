import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  type Feature,
  featureOf,
  featuresFromJson,
  innerCount,
  metadataOf,
  parseFeature,
} from "../../src/dataset/features.ts";
import { numberAt, parseValueType } from "../../src/dataset/value_types.ts";

const float32: Feature = { dtype: "float32", _type: "Value" };

function parse(feature: unknown) {
  const { value, levels, isArray } = parseFeature("x", feature, "test");
  return [value.name, value.dtype, levels, isArray];
}

test("parseFeature() reads every kind of number", () => {
  for (const width of [8, 16, 32, 64]) {
    for (const name of [`int${width}`, `uint${width}`]) {
      assert.deepEqual(parse({ dtype: name, _type: "Value" }), [name, name, [], false]);
    }
  }
  for (const name of ["float16", "float32", "float64", "bool"]) {
    assert.deepEqual(parse({ dtype: name, _type: "Value" }), [name, name, [], false]);
  }
  const stored = {
    "timestamp[us]": "int64",
    "timestamp[ns, tz=Europe/Zurich]": "int64",
    "duration[s]": "int64",
    "time64[ns]": "int64",
    "time32[ms]": "int32",
    date64: "int64",
    date32: "int32",
  };
  for (const [name, dtype] of Object.entries(stored)) {
    assert.deepEqual(parse({ dtype: name, _type: "Value" }), [name, dtype, [], false]);
  }
  assert.deepEqual(parse({ dtype: "double", _type: "Value" }), ["float64", "float64", [], false]);
  assert.deepEqual(parse({ dtype: "float", _type: "Value" }), ["float32", "float32", [], false]);
  assert.deepEqual(parse({ names: ["a", "b"], _type: "ClassLabel" }), ["int64", "int64", [], false]);
});

test("parseFeature() reads lists, with a length and without, in the older spellings too", () => {
  const levels = (feature: unknown) => parse(feature)[2];
  assert.deepEqual(levels({ feature: float32, _type: "List" }), ["list"]);
  assert.deepEqual(levels({ feature: float32, length: -1, _type: "Sequence" }), ["list"]);
  assert.deepEqual(levels({ feature: float32, length: 26, id: null, _type: "Sequence" }), [26]);
  assert.deepEqual(levels({ feature: float32, _type: "LargeList" }), ["large_list"]);
  assert.deepEqual(levels([float32]), ["list"]);
  const pairs = { feature: { feature: float32, length: 2, _type: "List" }, _type: "List" };
  assert.deepEqual(levels(pairs), ["list", 2]);
  assert.equal(
    innerCount(parseFeature("x", { feature: pairs.feature, length: 3, _type: "List" }, "test")),
    2,
  );
});

test("parseFeature() reads arrays, whose first dimension may vary", () => {
  assert.deepEqual(parse({ shape: [2, 3], dtype: "int8", _type: "Array2D" }), ["int8", "int8", [2, 3], true]);
  const open = { shape: [null, 3, 4], dtype: "int8", _type: "Array3D" };
  assert.deepEqual(parse(open), ["int8", "int8", ["list", 3, 4], true]);
  assert.deepEqual(parse({ shape: [1, 2, 3, 4, 5], dtype: "bool", _type: "Array5D" })[2], [1, 2, 3, 4, 5]);
});

test("parseFeature() names the column and what is allowed where it refuses", () => {
  const refused: [unknown, RegExp][] = [
    [
      { dtype: "string", _type: "Value" },
      /^TypeError: Cannot test: the feature of "x" must be of dtype float64, .*, got "string"$/,
    ],
    [{ dtype: "decimal128(5, 2)", _type: "Value" }, /of dtype .*, got "decimal128\(5, 2\)"$/],
    [
      { _type: "Image" },
      /must be Value, ClassLabel, List, LargeList, Sequence or Array2D to Array5D, got "Image"$/,
    ],
    [{ a: float32 }, /or Array2D to Array5D, got \{"a":/],
    [null, /must be an object with _type, got null$/],
    ["float32", /must be an object with _type, got "float32"$/],
    [
      { feature: float32, length: 0, _type: "List" },
      /a List whose length is an integer above 0, or -1, got 0$/,
    ],
    [{ feature: float32, length: 2.5, _type: "List" }, /got 2.5$/],
    [{ feature: { _type: "Image" }, _type: "List" }, /got "Image"$/],
    [{ _type: "List" }, /must be an object with _type, got undefined$/],
    [
      { feature: { feature: float32, _type: "List" }, _type: "List" },
      /lists with a length, or Array2D to Array5D/,
    ],
    [
      { shape: [2], dtype: "int8", _type: "Array2D" },
      /an array of 2 lengths above 0, the first one or null, got \[2\]/,
    ],
    [{ shape: [2, null], dtype: "int8", _type: "Array2D" }, /got \[2,null\]$/],
    [{ shape: [2, 3], dtype: "string", _type: "Array2D" }, /got "string"$/],
    [{ shape: [1, 1, 1, 1, 1, 1], dtype: "int8", _type: "Array6D" }, /got "Array6D"$/],
  ];
  for (const [feature, message] of refused) {
    assert.throws(
      () => parseFeature("x", feature, "test"),
      (error) => message.test(String(error)),
      String(message),
    );
  }
});

test("featureOf() gives back what parseFeature() read", () => {
  const features: Feature[] = [
    float32,
    { feature: float32, _type: "List" },
    { feature: float32, length: 4, _type: "List" },
    { feature: { feature: float32, length: 4, _type: "List" }, _type: "LargeList" },
    { shape: [null, 2, 3], dtype: "int64", _type: "Array3D" },
  ];
  for (const feature of features) assert.deepEqual(featureOf(parseFeature("x", feature, "test")), feature);
});

test("featuresFromJson() reads what metadataOf() writes, and no features of other text", () => {
  const features = { action: float32 };
  const text = metadataOf(new Map(Object.entries(features)));
  assert.equal(
    text,
    '{"info":{"features":{"action":{"dtype":"float32","_type":"Value"}}}}',
  );
  assert.deepEqual(featuresFromJson(text), features);
  for (const other of [undefined, "", "{", "null", "[]", '{"info":{}}', '{"info":{"features":3}}']) {
    assert.deepEqual(featuresFromJson(other), {});
  }
});

test("numberAt() reads every dtype, as DataView and the halves of IEEE 754 have it", () => {
  const bytes = Uint8Array.of(0x01, 0xbc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
  const numbers = {
    float16: -1.0009765625,
    int16: -17407,
    uint16: 48129,
    int8: 1,
    uint8: 1,
    int32: -17407,
    uint32: 4294949889,
    int64: -17407n,
    uint64: 2n ** 64n - 17407n,
    bool: true,
  } as const;
  for (const [dtype, number] of Object.entries(numbers)) {
    assert.equal(numberAt(bytes, dtype as keyof typeof numbers, 0), number, dtype);
  }
  assert.equal(numberAt(bytes, "bool", 1), false);
  const half = (bits: number) => numberAt(Uint16Array.of(bits), "float16", 0);
  assert.deepEqual([0x3c00, 0x0001, 0x7c00, 0xfc00].map(half), [1, 2 ** -24, Infinity, -Infinity]);
  assert.ok(Number.isNaN(half(0x7e00)) && Object.is(half(0x8000), -0));
  assert.equal(parseValueType("string"), null);
  assert.equal(parseValueType(7), null);
});

/** Modules that load with a file, by its imports other than types. */
function loaded(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = readFileSync(path, "utf8").replace(/\/\*[^]*?\*\//g, "");
  const imports = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  for (const [, name] of imports) {
    if (name.startsWith(".")) loaded(resolve(dirname(path), name), seen);
    else seen.add(name);
  }
  return seen;
}

test("StreamStore loads neither Arrow nor Parquet when it is imported", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const core = [...loaded(resolve(root, "mod.ts"))].filter((name) => !name.startsWith("/"));
  assert.deepEqual(core.filter((name) => !name.startsWith("node:")), []);
  // The walk itself works: it does find them where they are loaded.
  const finds = (path: string, name: string) =>
    [...loaded(resolve(root, path))].some((found) => found.split("/")[0] === name);
  assert.ok(finds("src/dataset/parquet/write/file.ts", "apache-arrow"));
  assert.ok(finds("src/dataset/parquet/read/rows.ts", "hyparquet-compressors"));
  assert.ok(readdirSync(resolve(root, "src/dataset")).length > 10);
});
