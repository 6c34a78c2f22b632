/** READMEs: features and splits in the front matter, merged into whatever people wrote, and read by Python. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Card, findInfo, readConfigs } from "../../../../src/dataset/hub/card/card.ts";
import { type CardChange, mergeCard } from "../../../../src/dataset/hub/card/merge.ts";
import { featuresFromYaml, featuresToYaml } from "../../../../src/dataset/hub/card/features.ts";
import { runClient, skipReason } from "../../../support/hub/python.ts";
import { startHub } from "../../../support/hub/server.ts";

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

test("featuresFromYaml() gives features as featuresToYaml() took them", () => {
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

/** Plain scalars, and what PyYAML's safe loader makes of them: its resolver's own kinds. */
const plainScalars: readonly (readonly [text: string, kind: string, value?: unknown])[] = [
  ...[
    "n",
    "y",
    "N",
    "Y",
    "1e3",
    "1.e3",
    "08",
    "09.5x",
    "0o7",
    "-.5",
    "+.5",
    "yEs",
    "nULL",
    "0b",
    "0x",
    "1__a",
    "12:60",
    "2020-1-1",
    "NaN",
    "inf",
    "12e03",
    "TruE",
    "--1",
    "1-1",
    "a b",
  ]
    .map((text) => [text, "str", text] as const),
  ...["yes", "Yes", "YES", "on", "On", "true", "True", "TRUE"].map((text) => [text, "bool", true] as const),
  ...["no", "No", "off", "Off", "OFF", "false", "False"].map((text) => [text, "bool", false] as const),
  ...["", "~", "null", "Null", "NULL"].map((text) => [text, "NoneType", null] as const),
  ["0", "int", 0],
  ["-0", "int", 0],
  ["+12", "int", 12],
  ["010", "int", 8],
  ["-017", "int", -15],
  ["0b101", "int", 5],
  ["0x1F", "int", 31],
  ["1_000", "int", 1000],
  ["12:30:45", "int", 45045],
  ["-1:30", "int", -90],
  ["1.", "float", 1],
  ["1.5e+3", "float", 1500],
  ["1.e+3", "float", 1000],
  [".5", "float", 0.5],
  ["1_0.5", "float", 10.5],
  ["1:30.5", "float", 90.5],
  [".inf", "float", Infinity],
  ["-.INF", "float", -Infinity],
  [".nan", "float", NaN],
  ["2020-01-01", "date"],
  ["2020-1-2 3:04:05", "datetime"],
  ["2020-01-01T12:30:45.5Z", "datetime"],
  ["2020-01-01 12:30:45 +02:30", "datetime"],
];

const scalarsReadme = `---\nlist:\n${plainScalars.map(([text]) => `- ${text}\n`).join("")}---\n`;

test("Card reads plain scalars as PyYAML does", () => {
  const { list } = new Card(scalarsReadme).values() as { list: unknown[] };
  plainScalars.forEach(([text, kind, value], i) => {
    if (kind.startsWith("date")) assert.ok(list[i] instanceof Date, text);
    else assert.ok(Object.is(list[i], value) || (list[i] === 0 && value === 0), `${text}: ${list[i]}`);
  });
  assert.equal((list.at(-1) as Date).toISOString(), "2020-01-01T10:00:45.000Z");
  assert.equal((list.at(-2) as Date).toISOString(), "2020-01-01T12:30:45.500Z");
});

/** Labels that some reader of YAML takes for something else, or that have to be written with care. */
const oddLabels = [
  ...plainScalars.map(([text]) => text),
  ...[
    "=",
    "<<",
    "-",
    "?",
    ":",
    "#",
    "a: b",
    "a #b",
    "- a",
    "? a",
    "[a]",
    "{a}",
    "a,b",
    "a]",
    "&a",
    "*a",
    "!a",
    "!!str a",
    "%a",
    "@a",
    "`a",
    "|",
    ">",
    "'",
    "'a'",
    '"',
    '"a"',
    "\\n",
  ],
  ...[
    " ",
    " a",
    "a ",
    "  a  ",
    "a  b",
    "\t",
    "a\tb",
    "\n",
    "a\nb",
    "a\n",
    "\na",
    "a\n\n b",
    "\r",
    "a\r\nb",
    "---",
    "...",
    "--- a",
  ],
  ...[
    "\u00e4",
    "\u4e2d\u6587",
    "\u{1f600}",
    "\u0085",
    "a\u2028b",
    "\u2029",
    "\ufeff",
    "\ufeffa",
    "\u00a0",
    "\u200b",
    "\u202e",
    "\u0000",
    "\u0007",
    "\u001b[31m",
    "\u007f",
    "\u009b",
    "\ufffe",
    "\uffff",
    "\u{10ffff}",
  ],
  ...["x".repeat(2000), "word ".repeat(300), "a'b\"c", "__proto__", "constructor"],
];

const labelFeatures = {
  y: { names: [...new Set(oddLabels)], _type: "ClassLabel" },
  ...Object.fromEntries(
    [...new Set(oddLabels)].filter((name) => name !== "__proto__" && name !== "y" && !/^\d+$/.test(name)).map(
      (name) => [name, value("int64")],
    ),
  ),
};

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

/** As people write: other indentation, quotes and comments, and labels as PyYAML reads them. */
const byHand = `# made by hand
dataset_info:
    config_name: default   # the only one
    features:
    -   name: y
        dtype:
          class_label:
            names: {0: n, 1: y, 2: N, 3: 1e3, 4: 08, 5: 'yes'}
    -   name: "x"   # a number
        dtype: float32
    download_size: 1_000

    splits:
    # held out
    -   name: test
        num_examples:   5 # five
        num_bytes: 0x10
    -   num_bytes: 7
        name: train
        num_examples: 1
        extra: [a,   b]
    # the end of the splits
    dataset_size: 23
license: mit
configs:
-   config_name: default
    data_files:
    -   path:   data/test-*
        split: test
    -   split: train
        path: 'data/train-*'
    # the end of the files
    other: on
-   config_name: two
    data_files:   "y"
`;

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

test("Card refuses front matter that would take all memory or time", () => {
  const bombs = [
    `a: ${"[".repeat(200_000)}`,
    `a: ${"[".repeat(50_000)}${"]".repeat(50_000)}`,
    Array.from({ length: 2000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
    ["a0: &a0 [x, x]", ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)]
      .join("\n"),
    `a: ${"x".repeat(3_000_000)}`,
  ];
  for (const [i, bomb] of bombs.entries()) {
    const start = performance.now();
    try {
      new Card(`---\n${bomb}\n---\n`).values();
    } catch (error) {
      assert.equal((error as { code?: string }).code, "damaged", `${i}: ${error}`);
    }
    assert.ok(performance.now() - start < 20_000, `${i}: ${performance.now() - start} ms`);
  }
});

interface PythonCard {
  readonly configs: Record<string, unknown>;
  readonly infos: Record<string, { features: unknown; yaml: unknown; splits: unknown; sizes: unknown }>;
  readonly text: string;
}

test(
  "mergeCard() writes what Python reads, and the same YAML of features as Python",
  { skip: skipReason },
  async () => {
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
  },
);

test(
  "Card reads odd labels as PyYAML does, and mergeCard() writes them so",
  { skip: skipReason },
  async () => {
    const hub = await startHub();
    try {
      const readmes = [
        mergeCard("", change({ features: labelFeatures, dataFiles: new Map([["train", oddLabels]]) })),
        mergeCard(`---\n${byHand}---\n`, change({ features: undefined, splits: null })),
        mergeCard("---\n{license: mit}\n---\n", change({ features: labelFeatures })),
        scalarsReadme,
      ];
      const { read } = await runClient<{ read: PythonYaml[] }>(hub, "yaml", JSON.stringify(readmes));
      for (const i of [0, 2]) {
        assert.deepEqual(read[i].features, labelFeatures);
        assert.deepEqual(Object.keys(read[i].features!), Object.keys(labelFeatures));
      }
      assert.deepEqual(read[0].paths, oddLabels);
      assert.deepEqual((read[1].features!.y as { names: string[] }).names, [
        "n",
        "y",
        "N",
        "1e3",
        "08",
        "yes",
      ]);
      assert.deepEqual(read[3].kinds, plainScalars.map(([, kind]) => kind));
      const { list } = new Card(scalarsReadme).values() as { list: unknown[] };
      read[3].values!.forEach((value, i) => {
        if (plainScalars[i][1] === "float") assert.equal(Number(value.replace("inf", "Infinity")), list[i]);
        if (plainScalars[i][1] === "int" || plainScalars[i][1] === "str") {
          assert.equal(value, String(list[i] === 0 ? 0 : list[i]));
        }
      });
    } finally {
      await hub.close();
    }
  },
);

interface PythonYaml {
  readonly features: Record<string, unknown> | null;
  readonly paths: unknown;
  readonly kinds: string[] | null;
  readonly values: string[] | null;
}
