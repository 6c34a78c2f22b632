/** READMEs: features and splits in the front matter, merged into whatever people wrote, and read by Python. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Card, findInfo, readConfigs } from "../src/dataset/hub/card.ts";
import { type CardChange, mergeCard } from "../src/dataset/hub/card_merge.ts";
import { featuresFromYaml, featuresToYaml } from "../src/dataset/hub/yaml_features.ts";
import { runClient, skipReason } from "./hub/python.ts";
import { startHub } from "./hub/server.ts";

const value = (dtype: string) => ({ dtype, _type: "Value" });
const features = {
  "observation.state": { feature: value("float32"), length: 4, _type: "List" },
  action: value("int64"),
};

/** A push of a split that is the only one, unless it says otherwise. */
function change(more: Partial<CardChange> = {}): CardChange {
  return {
    config: "default",
    split: "train",
    dataFiles: new Map([["train", ["data/train-*"]]]),
    features,
    splits: [{ name: "train", memoryBytes: 240, rowCount: 10 }],
    downloadBytes: 999,
    ...more,
  };
}

const made = `---
dataset_info:
  features:
  - name: observation.state
    list: float32
    length: 4
  - name: action
    dtype: int64
  splits:
  - name: train
    num_bytes: 240
    num_examples: 10
  download_size: 999
  dataset_size: 240
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
---
`;

test("a README is made where there is none", () => {
  assert.equal(mergeCard("", change()), made);
});

test("merging the same again changes nothing", () => {
  assert.equal(mergeCard(made, change()), made);
  const prose = "---\nlicense: mit\n---\n\n# Name\n";
  const once = mergeCard(prose, change());
  assert.equal(mergeCard(once, change()), once);
});

test("keys, comments, quotes and prose of others stay byte for byte", () => {
  const front = `# Made by hand
license:   "mit"      # as ever
tags: [ robotics,   'imitation' ]
task_categories:
    - robotics
      # the indentation is theirs

# About the size
size_categories:
- 1K<n<10K
pretty_name: |
  A name
  of two lines
long: ${"word ".repeat(40)}end
truth: yes
hex: 0x1F
`;
  const prose = "\n\n# Name\n\n---\nnot front matter\n---\r\nodd ends\t \n";
  const merged = mergeCard(`---\n${front}---\n${prose}`, change());
  assert.equal(merged, `---\n${front}${made.slice(4, -4)}---\n${prose}`);
});

test("sections are replaced where they stand, and what is said between them stays", () => {
  const readme = `---
dataset_info:
  # about features
  features:
  - name: old
    dtype: string
  splits:
  - name: train
    num_bytes: 1
    num_examples: 1
  download_size: 1
  dataset_size: 1

# the license
license: mit
configs:
- config_name: default
  # what people wrote of the splits
  data_files:
  - split: train
    path: old.parquet
  # held out
  - split: test
    path: [a.parquet, "b*.parquet"]
  drop_labels: true
tags: []
---
text`;
  const merged = mergeCard(
    readme,
    change({
      dataFiles: new Map([["train", ["data/train-*"]], ["test", ["b1.parquet"]]]),
      splits: [{ name: "train", memoryBytes: 240, rowCount: 10 }, {
        name: "test",
        memoryBytes: 5,
        rowCount: 2,
      }],
    }),
  );
  assert.equal(
    merged,
    `---
dataset_info:
  # about features
  features:
  - name: observation.state
    list: float32
    length: 4
  - name: action
    dtype: int64
  splits:
  - name: train
    num_bytes: 240
    num_examples: 10
  - name: test
    num_bytes: 5
    num_examples: 2
  download_size: 999
  dataset_size: 245

# the license
license: mit
configs:
- config_name: default
  # what people wrote of the splits
  data_files:
  - split: train
    path: data/train-*
  # held out
  - split: test
    path: [ a.parquet, "b*.parquet" ]
  drop_labels: true
tags: []
---
text`,
  );
});

test("patterns that were not by split become so, and those of a folder the files that they meant", () => {
  const configs = (front: string, dataFiles: [string, string[]][]) =>
    new Card(mergeCard(`---\n${front}\n---\n`, change({ split: "test", dataFiles: new Map(dataFiles) })))
      .values().configs;
  const both: [string, string[]][] = [["train", ["x/a.parquet"]], ["test", ["data/test-*"]]];
  assert.deepEqual(configs("configs:\n- config_name: default\n  data_files: '*.parquet'", both), [
    {
      config_name: "default",
      data_files: [{ split: "train", path: "*.parquet" }, { split: "test", path: "data/test-*" }],
    },
  ]);
  assert.deepEqual(configs("configs:\n- config_name: default\n  data_dir: x", both), [
    {
      config_name: "default",
      data_files: [{ split: "train", path: "x/a.parquet" }, { split: "test", path: "data/test-*" }],
    },
  ]);
});

test("other configs stay, and the info of one becomes a list of them", () => {
  const merged = mergeCard(
    made,
    change({ config: "small", dataFiles: new Map([["train", ["small/train-*"]]]) }),
  );
  const values = new Card(merged).values();
  assert.deepEqual(readConfigs(values).map(({ name }) => name), ["default", "small"]);
  assert.deepEqual((values.dataset_info as { config_name: string }[]).map(({ config_name }) => config_name), [
    "default",
    "small",
  ]);
  assert.deepEqual(findInfo(values, "default"), findInfo(values, "small"));
  assert.equal(findInfo(values, "none"), null);
  const again = mergeCard(
    merged,
    change({ config: "small", downloadBytes: 1, dataFiles: new Map([["train", ["small/train-*"]]]) }),
  );
  assert.equal(again, merged.replace(/999(?![\s\S]*999)/, "1"));
  const first = new Card(mergeCard("", change({ config: "small" }))).values();
  assert.equal((first.dataset_info as { config_name: string }).config_name, "small");
});

test("what is not known of a split is not said of any", () => {
  const { dataset_info } = new Card(mergeCard(made, change({ splits: null, features: undefined }))).values();
  assert.deepEqual(Object.keys(dataset_info as object), ["features"]);
  const without = new Card(mergeCard(made, change({ features: null }))).values();
  assert.deepEqual(Object.keys(without.dataset_info as object), ["splits", "download_size", "dataset_size"]);
});

test("line breaks, a mark at the start, and front matter of one line are kept or understood", () => {
  const windows = mergeCard("---\r\nlicense: mit\r\n---\r\nText\r\n", change());
  assert.equal(windows, `---\nlicense: mit\n${made.slice(4)}Text\n`.replaceAll("\n", "\r\n"));
  assert.equal(mergeCard("\ufeff# Name\n", change()), `${made}# Name\n`);
  assert.equal(mergeCard("---\n---\n# Name\n", change()), `${made}# Name\n`);
  const flow = mergeCard("---\n{license: mit, tags: [a]}\n---\n# Name\n", change());
  assert.deepEqual(new Card(flow).values().license, "mit");
  assert.deepEqual(findInfo(new Card(flow).values(), "default")!.features, features);
  const aliased = mergeCard("---\nall: &a [x]\ndataset_info:\n  note: *a\n---\n", change());
  assert.deepEqual((new Card(aliased).values().dataset_info as { note: string[] }).note, ["x"]);
  for (const bad of ["---\na: [\n---\n", "---\n- a\n---\n", "---\na: b: c\n---\n"]) {
    assert.throws(() => mergeCard(bad, change()), { code: "damaged" }, bad);
  }
});

/** Every kind of feature, and names that YAML would take for something else. */
const allFeatures: Record<string, unknown> = {
  float16: value("float16"),
  "yes": value("bool"),
  "null": value("null"),
  "12:30": value("timestamp[us, tz=Europe/Berlin]"),
  "2020-01-01": value("duration[ns]"),
  "~": value("string"),
  "a: b #c": value("large_string"),
  "-": value("int8"),
  "0x1F": value("uint64"),
  "1e3": value("float64"),
  " padded ": value("date32"),
  "": value("time64[ns]"),
  "=": value("binary"),
  "*a": value("int16"),
  "0b1": value("int16"),
  "1_0": value("int16"),
  "\u{1f600}\n": value("decimal128(10, 2)"),
  list: { feature: value("float32"), _type: "List" },
  fixed: { feature: value("int32"), length: 3, _type: "List" },
  nested: { feature: { feature: value("float32"), length: 2, _type: "List" }, _type: "List" },
  largeList: { feature: value("int64"), _type: "LargeList" },
  label: { names: ["no", "yes", "1", "null", "a'b\"c"], _type: "ClassLabel" },
  labels: { feature: { names: ["a"], _type: "ClassLabel" }, _type: "List" },
  array2: { shape: [2, 3], dtype: "float32", _type: "Array2D" },
  array5: { shape: [null, 2, 3, 4, 5], dtype: "bool", _type: "Array5D" },
  image: { _type: "Image" },
  struct: { x: value("int64"), y: { feature: value("string"), _type: "List" } },
  structs: { feature: { x: value("int64") }, _type: "List" },
};

test("features come out of the YAML as they went in", () => {
  const readme = mergeCard("", change({ features: allFeatures }));
  assert.deepEqual(findInfo(new Card(readme).values(), "default")!.features, allFeatures);
  assert.deepEqual(featuresFromYaml(featuresToYaml(allFeatures)), allFeatures);
  const old = [{ name: "a", sequence: "int64" }, {
    name: "b",
    sequence: [{ name: "x", dtype: "bool" }],
    length: 2,
  }];
  assert.deepEqual(featuresFromYaml(old), {
    a: { feature: value("int64"), _type: "List" },
    b: { x: { feature: value("bool"), length: 2, _type: "List" } },
  });
  for (const wrong of [{}, "x", [1], [{ dtype: "int8" }], [{ name: "a" }], [{ name: "a", list: 3 }]]) {
    assert.equal(featuresFromYaml(wrong), null, JSON.stringify(wrong));
  }
});

interface PythonCard {
  readonly configs: Record<string, unknown>;
  readonly infos: Record<string, { features: unknown; yaml: unknown; splits: unknown; sizes: unknown }>;
  readonly text: string;
}

test("Python reads what was merged, and writes the same YAML of features", { skip: skipReason }, async () => {
  const hub = await startHub();
  try {
    const readmes = [
      mergeCard("", change()),
      mergeCard("---\nlicense: mit\n---\n# Name", change({ features: allFeatures })),
      mergeCard(made, change({ config: "small", features: allFeatures, splits: null })),
    ];
    const { cards } = await runClient<{ cards: PythonCard[] }>(hub, "cards", JSON.stringify(readmes));
    assert.deepEqual(cards[0].configs, {
      default: { data_files: [{ split: "train", path: "data/train-*" }] },
    });
    assert.deepEqual(cards[0].infos.default.splits, { train: [240, 10] });
    assert.deepEqual(cards[0].infos.default.sizes, [999, 240]);
    assert.deepEqual(cards[0].infos.default.features, features);
    assert.equal(cards[1].text, "# Name");
    assert.deepEqual(cards[1].infos.default.yaml, featuresToYaml(allFeatures));
    assert.deepEqual(Object.keys(cards[1].infos.default.features as object), Object.keys(allFeatures));
    assert.deepEqual(Object.keys(cards[2].infos), ["default", "small"]);
    assert.deepEqual(cards[2].infos.small.yaml, featuresToYaml(allFeatures));
  } finally {
    await hub.close();
  }
});
