/** What tests of READMEs share: a push of one split, the README that it makes, and what readers of YAML differ in. */
import type { CardChange } from "../../../src/dataset/hub/card/merge.ts";

export const value = (dtype: string) => ({ dtype, _type: "Value" });
export const features = {
  "observation.state": { feature: value("float32"), length: 4, _type: "List" },
  action: value("int64"),
};

/** A push of a split that is the only one, unless it says otherwise. */
export function change(more: Partial<CardChange> = {}): CardChange {
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

export const made = `---
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

/** Every kind of feature, and names that YAML would take for something else. */
export const allFeatures: Record<string, unknown> = {
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

/** Plain scalars, and what PyYAML's safe loader makes of them: its resolver's own kinds. */
export const plainScalars: readonly (readonly [text: string, kind: string, value?: unknown])[] = [
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

export const scalarsReadme = `---\nlist:\n${plainScalars.map(([text]) => `- ${text}\n`).join("")}---\n`;

/** Labels that some reader of YAML takes for something else, or that have to be written with care. */
export const oddLabels = [
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

export const labelFeatures = {
  y: { names: [...new Set(oddLabels)], _type: "ClassLabel" },
  ...Object.fromEntries(
    [...new Set(oddLabels)].filter((name) => name !== "__proto__" && name !== "y" && !/^\d+$/.test(name)).map(
      (name) => [name, value("int64")],
    ),
  ),
};

/** As people write: other indentation, quotes and comments, and labels as PyYAML reads them. */
export const byHand = `# made by hand
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
