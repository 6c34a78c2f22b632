/** What a push says in a README, merged into whatever people wrote. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Card, findInfo, readConfigs } from "../../../../src/dataset/hub/card/card.ts";
import { mergeCard } from "../../../../src/dataset/hub/card/merge.ts";
import {
  byHand,
  change,
  features,
  labelFeatures,
  made,
  oddLabels,
  value,
} from "../../../support/hub/cards.ts";

test("mergeCard() makes a README where there is none", () => {
  assert.equal(mergeCard("", change()), made);
});

test("mergeCard() of the same again changes nothing", () => {
  assert.equal(mergeCard(made, change()), made);
  const prose = "---\nlicense: mit\n---\n\n# Name\n";
  const once = mergeCard(prose, change());
  assert.equal(mergeCard(once, change()), once);
});

test("mergeCard() leaves keys, comments, quotes and prose of others byte for byte", () => {
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

test("mergeCard() replaces sections where they stand, and leaves what is said between them", () => {
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
    path: [a.parquet, "b*.parquet"]
  drop_labels: true
tags: []
---
text`,
  );
});

test("mergeCard() makes patterns by split of others, and of a folder's the files that they meant", () => {
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

test("mergeCard() leaves other configs, and makes a list of the info of one", () => {
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

test("mergeCard() says of no split what is not known of one", () => {
  const { dataset_info } = new Card(mergeCard(made, change({ splits: null, features: undefined }))).values();
  assert.deepEqual(Object.keys(dataset_info as object), ["features"]);
  const without = new Card(mergeCard(made, change({ features: null }))).values();
  assert.deepEqual(Object.keys(without.dataset_info as object), ["splits", "download_size", "dataset_size"]);
});

test("mergeCard() keeps line breaks and a mark at the start, and understands front matter of one line", () => {
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

test("mergeCard() keeps odd labels and names of columns, splits and files", () => {
  const readme = mergeCard(
    "",
    change({ features: labelFeatures, dataFiles: new Map([["train", oddLabels]]) }),
  );
  const values = new Card(readme).values();
  assert.deepEqual(findInfo(values, "default")!.features, labelFeatures);
  assert.deepEqual(readConfigs(values)[0].dataFiles!.get("train"), oddLabels);
  assert.equal(
    mergeCard(readme, change({ features: undefined, dataFiles: new Map([["train", oddLabels]]) })),
    readme,
  );
});

test("mergeCard() leaves lines that a push is not about byte for byte", () => {
  const splits = [{ name: "test", memoryBytes: 16, rowCount: 5 }, {
    name: "train",
    memoryBytes: 240,
    rowCount: 10,
  }];
  const dataFiles = new Map([["test", ["data/test-*"]], ["train", ["data/train-*"]]]);
  const readme = `---\n${byHand}---\nText`;
  const known = findInfo(new Card(readme).values(), "default")!;
  assert.deepEqual((known.features!.y as { names: string[] }).names, ["n", "y", "N", "1e3", "08", "yes"]);
  const merged = mergeCard(readme, change({ features: undefined, splits, dataFiles }));
  const expected = byHand.replace("num_bytes: 7", "num_bytes: 240").replace(
    "        num_examples: 1\n",
    "        num_examples: 10\n",
  )
    .replace("download_size: 1_000", "download_size: 999").replace("dataset_size: 23", "dataset_size: 256");
  assert.equal(merged, `---\n${expected}---\nText`);
  const third = [...splits, { name: "extra", memoryBytes: 1, rowCount: 1 }];
  const added = mergeCard(
    merged,
    change({
      split: "extra",
      features: undefined,
      splits: third,
      dataFiles: new Map([...dataFiles, ["extra", ["data/extra-*"]]]),
    }),
  );
  const lines = new Set(added.split("\n"));
  const gone = merged.split("\n").filter((line) => !lines.has(line));
  assert.deepEqual(gone, ["    dataset_size: 256"]);
  assert.deepEqual(readConfigs(new Card(added).values())[0].dataFiles!.get("extra"), ["data/extra-*"]);
  assert.equal(findInfo(new Card(added).values(), "default")!.splits!.get("extra")!.rowCount, 1);
  // One feature less, and one that becomes another kind: the others' lines stay.
  const fewer = mergeCard(
    readme,
    change({ features: { y: known.features!.y, z: value("int8") }, splits: null, dataFiles }),
  );
  assert.ok(fewer.includes("            names: {0: n, 1: y, 2: N, 3: 1e3, 4: 08, 5: 'yes'}\n"), fewer);
  assert.deepEqual(findInfo(new Card(fewer).values(), "default"), {
    features: { y: known.features!.y, z: value("int8") },
    splits: null,
  });
});

test("mergeCard() of a second config leaves the lines of the first", () => {
  const readme =
    "---\ndataset_info:\n  features: # three\n  - name: y\n    dtype: {class_label: {names: {0: n, 1: y}}}\n  splits: []\n---\n";
  const merged = mergeCard(readme, change({ config: "small" }));
  const [, first] = /dataset_info:\n([^]*?)- config_name: small/.exec(merged)!;
  assert.equal(
    first,
    "- config_name: default\n  features: # three\n  - name: y\n    dtype: {class_label: {names: {0: n, 1: y}}}\n  splits: []\n",
  );
  assert.deepEqual(findInfo(new Card(merged).values(), "default")!.features, {
    y: { names: ["n", "y"], _type: "ClassLabel" },
  });
  assert.deepEqual(findInfo(new Card(merged).values(), "small")!.features, features);
});

test("mergeCard() leaves {} of a map that loses all its keys, and adds a config behind info without room for a dash", () => {
  const sizes = "---\ndataset_info:\n  # sizes\n  splits: []\n  download_size: 5\n---\n";
  const without = mergeCard(sizes, change({ features: null, splits: null }));
  assert.deepEqual(new Card(without).values().dataset_info, {});
  assert.match(without, /^---\ndataset_info:\n {2}# sizes\n {2}\{\}\nconfigs:/);
  const narrow = mergeCard("---\ndataset_info:\n download_size: 5\n---\n", change({ config: "small" }));
  const infos = new Card(narrow).values().dataset_info as object[];
  assert.deepEqual(infos[0], { config_name: "default", download_size: 5 });
  assert.equal(infos.length, 2);
});
