/** Which files a split has: what our own rules say, and what Python's `datasets` says of the same names. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { openSplit } from "../../../../src/dataset/hub/load.ts";
import { Glob } from "../../../../src/dataset/hub/repository/glob.ts";
import { findSplits } from "../../../../src/dataset/hub/repository/splits.ts";
import { StreamStoreError } from "../../../../mod.ts";
import { runClient, skipReason } from "../../../support/hub/python.ts";
import { type Hub, startHub } from "../../../support/hub/server.ts";

/** A repository's files, and the splits in it; the README's front matter without its fences. */
interface Case {
  readonly what: string;
  readonly files: readonly string[];
  readonly front?: string;
  readonly config?: string;
  readonly splits: Record<string, readonly string[]>;
}

const shards = ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"];

const cases: readonly Case[] = [
  {
    what: "shards by their usual names, before anything else is looked at",
    files: [
      ...shards,
      "data/test-00000-of-00001.parquet",
      "data/own.set-00000-of-00001.parquet",
      "train.parquet",
    ],
    splits: {
      train: shards,
      test: ["data/test-00000-of-00001.parquet"],
      "own.set": ["data/own.set-00000-of-00001.parquet"],
    },
  },
  {
    what: "shards with a hash in their names, in the order of their names",
    files: ["data/train-00001-of-00002-0a1b.parquet", "data/train-00000-of-00002-ff.parquet"],
    splits: { train: ["data/train-00000-of-00002-ff.parquet", "data/train-00001-of-00002-0a1b.parquet"] },
  },
  {
    what: "folders named like splits, before files named so",
    files: ["train/b.parquet", "train/a.parquet", "deep/validation/x.parquet", "test.parquet"],
    splits: { train: ["train/a.parquet", "train/b.parquet"], validation: ["deep/validation/x.parquet"] },
  },
  {
    what: "files named like splits",
    files: ["my-train.parquet", "eval_2.parquet", "dev.parquet", "training 1.parquet", "trainer.parquet"],
    splits: {
      train: ["my-train.parquet", "training 1.parquet"],
      validation: ["dev.parquet"],
      test: ["eval_2.parquet"],
    },
  },
  {
    what: "everything as train, without what is hidden or describes data",
    files: [
      "b/2.parquet",
      "a.parquet",
      ".hidden/c.parquet",
      "__cache__/d.parquet",
      "README.md",
      "dataset_info.json",
    ],
    splits: { train: ["a.parquet", "b/2.parquet"] },
  },
  {
    what: "the README's patterns, by split",
    files: ["a/0.parquet", "a/1.parquet", "b.parquet", "c/d/e.parquet", "train.parquet"],
    front: `configs:
- config_name: default
  data_files:
  - split: train
    path: "a/*"
  - split: held_out
    path:
    - c/**
    - b.parquet`,
    splits: { train: ["a/0.parquet", "a/1.parquet"], held_out: ["c/d/e.parquet", "b.parquet"] },
  },
  {
    what: "one pattern in the README, which is train's",
    files: ["data/x1.parquet", "data/x2.parquet", "data/x3.parquet", "data/y1.parquet"],
    front: "configs:\n- config_name: any\n  data_files: data/x[!3].parquet",
    splits: { train: ["data/x1.parquet", "data/x2.parquet"] },
  },
  {
    what: "a folder of a config in the README, whose files' names tell the rest",
    files: ["one/train.parquet", "one/test.parquet", "two/train.parquet"],
    front: "configs:\n- config_name: one\n  data_dir: one\n- config_name: two\n  data_dir: two",
    config: "one",
    splits: { train: ["one/train.parquet"], test: ["one/test.parquet"] },
  },
  {
    what: "the config that the README calls default",
    files: ["one.parquet", "two.parquet"],
    front: `configs:
- config_name: one
  data_files: one.parquet
- config_name: two
  data_files: two.parquet
  default: true`,
    splits: { train: ["two.parquet"] },
  },
  {
    what: "a hidden folder that a pattern names",
    files: [".hidden/a.parquet", "b.parquet"],
    front: 'configs:\n- config_name: default\n  data_files: ".hidden/*"',
    splits: { train: [".hidden/a.parquet"] },
  },
];

async function withHub(run: (hub: Hub) => Promise<void>): Promise<void> {
  const hub = await startHub();
  try {
    await run(hub);
  } finally {
    await hub.close();
  }
}

function makeRepository(hub: Hub, id: string, { files, front }: Case) {
  const content = new Uint8Array([0, 1, 2, 3]);
  const all = Object.fromEntries(files.map((path) => [path, path === "README.md" ? "# Name" : content]));
  if (front !== undefined) all["README.md"] = `---\n${front}\n---\n# Name\n`;
  return hub.createRepository(id, { files: all });
}

for (const example of cases) {
  test(`openSplit() finds splits: ${example.what}`, () =>
    withHub(async (hub) => {
      makeRepository(hub, "user/name", example);
      const options = { endpoint: hub.endpoint, token: null, config: example.config };
      for (const [split, expected] of Object.entries(example.splits)) {
        const { files } = await openSplit("user/name", split, options);
        assert.deepEqual(files.map(({ path }) => path), expected);
      }
      const names = Object.keys(example.splits).join(", ");
      await assert.rejects(openSplit("user/name", "none", options), (error) => {
        assert.ok(error instanceof StreamStoreError && error.code === "not-found");
        assert.equal(error.message, `Cannot load user/name: split must be among ${names}, got "none"`);
        return true;
      });
    }));
}

test("Python's datasets finds the same splits", { skip: skipReason }, () =>
  withHub(async (hub) => {
    const asked = cases.map((example, i) => {
      makeRepository(hub, `user/case${i}`, example);
      return [`user/case${i}`, example.config ?? null];
    });
    const found = await runClient<{ splits: unknown[] }>(hub, "splits", JSON.stringify(asked));
    cases.forEach(({ splits, what }, i) => assert.deepEqual(found.splits[i], splits, what));
  }));

test("openSplit() tells a README apart that names what is not there, or several configs", () =>
  withHub(async (hub) => {
    const open = async (front: string, files: string[], options: { config?: string } = {}) => {
      hub.repositories.clear();
      makeRepository(hub, "user/name", { what: "", files, front, splits: {} });
      await openSplit("user/name", "train", { endpoint: hub.endpoint, token: null, ...options });
    };
    const two =
      "configs:\n- config_name: a\n  data_files: a.parquet\n- config_name: b\n  data_files: b.parquet";
    const files = ["a.parquet", "b.parquet"];
    await assert.rejects(
      open(two, files),
      /Cannot load user\/name: config must be given, one of a, b, got none/,
    );
    await assert.rejects(open(two, files, { config: "c" }), /config must be among a, b, got "c"/);
    await open(two, files, { config: "b" });
    await assert.rejects(
      open(two, ["b.parquet"], { config: "a" }),
      /the README names a\.parquet, which must exist/,
    );
    await assert.rejects(open("license: mit", ["a.csv", "b.csv"]), {
      code: "unsupported",
      message: /must be Parquet, which the Hub makes .* refs\/convert\/parquet, got 2 like a\.csv/,
    });
    await assert.rejects(
      open("license: mit", []),
      /split must be among none, since there is no data, got "train"/,
    );
    await assert.rejects(
      open("a: [", files),
      /Cannot load user\/name: the front matter of README\.md must be/,
    );
    // Text that goes by as front matter, and is a list.
    await assert.rejects(open("- a", files), { code: "damaged" });
  }));

test("Glob takes patterns as Python does", () => {
  const cases: [string, string[], string[]][] = [
    ["*", ["a", "a.b"], ["", "a/b"]],
    ["**", ["a", "a/b"], []],
    ["a/**", ["a/", "a/b", "a/b/c"], ["a", "b/a"]],
    ["**/x", ["x", "a/x", "a/b/x"], ["ax", "x/a"]],
    ["a/**/x", ["a/x", "a/b/x", "a/b/c/x"], ["ax", "b/a/x"]],
    ["a?c", ["abc", "a.c"], ["ac", "a/c"]],
    ["[a-c]", ["a", "b", "c"], ["d", "-"]],
    ["[!a-c]", ["d", "-"], ["a", "dd"]],
    ["[]]", ["]"], ["["]],
    ["[!]]", ["["], ["]"]],
    ["[-a]", ["-", "a"], ["b"]],
    ["[a-]", ["-", "a"], ["b"]],
    ["[c-a]", [], ["a", "b", "c", "-"]],
    ["[!c-a]", ["a", "z"], []],
    ["a[", ["a["], ["a"]],
    ["a.b+(c)", ["a.b+(c)"], ["axb+(c)"]],
    ["[\\^]", ["\\", "^"], ["a"]],
    ["[^a]", ["^", "a"], ["b"]],
    ["\u{1f600}*", ["\u{1f600}x"], ["x"]],
    ["[\u{1f600}]", ["\u{1f600}"], ["\ud83d"]],
  ];
  for (const [pattern, matching, others] of cases) {
    for (const text of matching) assert.ok(new Glob(pattern).matches(text), `${pattern} ${text}`);
    for (const text of others) assert.ok(!new Glob(pattern).matches(text), `${pattern} ${text}`);
  }
});

/** Patterns that a regular expression takes longer over with every repetition, and names that they nearly fit. */
const slowPatterns: readonly [what: string, pattern: string, name: string][] = [
  ["stars and a letter", "*a".repeat(7), `${"a".repeat(60)}b`],
  ["many stars and a letter", "*a".repeat(1000), `${"a".repeat(2000)}b`],
  ["folders", `${"**/".repeat(12)}x`, `${"a/".repeat(40)}b`],
  ["many folders", `${"**/".repeat(500)}x`, `${"a/".repeat(1000)}b`],
  ["folders and stars", "**/*a".repeat(300), `${"a/".repeat(1000)}b`],
  ["stars in folders", `${"*/".repeat(300)}x`, `${"a/".repeat(300)}b`],
  ["negated sets, which take slashes", "[!b]*".repeat(500), `${"a/".repeat(1000)}b`],
  ["question marks", `${"*?".repeat(500)}x`, "a".repeat(2000)],
  ["brackets that are never closed", `${"[*".repeat(1000)}x`, "[".repeat(2000)],
  ["one large set", `*[${"ab".repeat(1000)}]*[${"ab".repeat(1000)}]x`, "ab".repeat(500)],
];

for (const [what, pattern, name] of slowPatterns) {
  test(`Glob compares in steps of the pattern's length times the name's: ${what}`, () => {
    const glob = new Glob(pattern);
    let steps = 0;
    const start = process.cpuUsage();
    assert.equal(glob.matches(name, (more) => steps += more), false);
    assert.ok(cpuSeconds(start) < 1, `${cpuSeconds(start)} s`);
    assert.ok(steps <= 4 * pattern.length * name.length, `${steps} steps`);
  });
}

test("openSplit() refuses a README of patterns that are never done, and soon", () =>
  withHub(async (hub) => {
    const files = Array.from({ length: 300 }, (_, i) => `${"a".repeat(200)}${i}.parquet`);
    const list = Array.from({ length: 2000 }, (_, i) => `    - "${"*a".repeat(40)}${i}"`).join("\n");
    const front = `configs:\n- config_name: default\n  data_files:\n  - split: train\n    path:\n${list}`;
    makeRepository(hub, "user/name", { what: "", files, front, splits: {} });
    const start = process.cpuUsage();
    const opening = openSplit("user/name", "train", { endpoint: hub.endpoint, token: null });
    await assert.rejects(opening, {
      code: "unsupported",
      message: /^Cannot load user\/name: comparing the README's patterns with .* must take at most \d+ steps/,
    });
    assert.ok(cpuSeconds(start) < 15, `${cpuSeconds(start)} s`);
  }));

test("openSplit() reads a README that names many files one by one as soon as one with a pattern", () =>
  withHub(async (hub) => {
    const files = Array.from({ length: 5000 }, (_, i) => `part/${String(i).padStart(5, "0")}.parquet`);
    const list = files.map((path) => `    - ${path}`).join("\n");
    const front = `configs:\n- config_name: default\n  data_files:\n  - split: train\n    path:\n${list}`;
    makeRepository(hub, "user/name", { what: "", files, front, splits: {} });
    const start = process.cpuUsage();
    const { files: found } = await openSplit("user/name", "train", { endpoint: hub.endpoint, token: null });
    assert.deepEqual(found.map(({ path }) => path), files);
    assert.ok(cpuSeconds(start) < 15, `${cpuSeconds(start)} s`);
  }));

/** Seconds of the processor since a `cpuUsage`: what else the machine does adds little to them. */
function cpuSeconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** What a pattern means, by trying all that its stars may take: slow, and with nothing in common with the matcher. */
function means(pattern: string, name: string): boolean {
  const [segment, ...others] = pattern.split("/");
  const rest = others.join("/");
  if (segment === "**") {
    if (others.length === 0) return true;
    for (let end = name.indexOf("/", 1); end > 0; end = name.indexOf("/", end + 1)) {
      if (means(rest, name.slice(end + 1))) return true;
    }
    return means(rest, name);
  }
  for (let end = 0; end <= name.length; end++) {
    if (others.length === 0 ? end < name.length : name[end] !== "/") continue;
    const isLone = segment === "*" && end === 0;
    if (
      !isLone && meansPart(segment, name.slice(0, end)) &&
      (others.length === 0 || means(rest, name.slice(end + 1)))
    ) {
      return true;
    }
  }
  return false;
}

function meansPart(part: string, name: string): boolean {
  if (part === "") return name === "";
  if (part[0] === "*") {
    for (let end = 0; end <= name.length; end++) {
      if (name.slice(0, end).includes("/")) return false;
      if (meansPart(part.slice(1), name.slice(end))) return true;
    }
    return false;
  }
  return name !== "" && (part[0] === "?" ? name[0] !== "/" : part[0] === name[0]) &&
    meansPart(part.slice(1), name.slice(1));
}

test("Glob of random letters, stars and folders means what trying everything says", () => {
  let state = 7;
  const random = (count: number) => (state = (state * 48271) % 2147483647) % count;
  const text = (from: readonly string[], length: number) =>
    Array.from({ length }, () => from[random(from.length)]).join("");
  let matchCount = 0;
  for (let i = 0; i < 20_000; i++) {
    const pattern = text(["a", "b", "*", "?", "/", "**/", "*/"], 1 + random(6));
    const name = text(["a", "b", "/", "aa"], random(7));
    const expected = means(pattern, name);
    if (expected) matchCount++;
    assert.equal(new Glob(pattern).matches(name), expected, `${pattern} ${name}`);
  }
  assert.ok(matchCount > 1000, `${matchCount}`);
});

test("findSplits() gives files in the order of code points, as Python does", () => {
  const paths = ["b.parquet", "\u{1f600}.parquet", "\uffee.parquet", "B.parquet", "a-1.parquet", "a.parquet"];
  assert.deepEqual(findSplits(paths, null).get("train"), [
    "B.parquet",
    "a-1.parquet",
    "a.parquet",
    "b.parquet",
    "\uffee.parquet",
    "\u{1f600}.parquet",
  ]);
});
