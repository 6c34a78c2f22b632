/** Titles of tests: most say first what they test, so that whoever looks for a symbol finds what is promised of it. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./packed.ts";

const title = /\btest\(\s*(?:"((?:[^"\\]|\\.)+)"|'((?:[^'\\]|\\.)+)'|`((?:[^`\\]|\\.)+)`)/g;

function textsIn(folder: string, end: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(end))
    .map((path) => readFileSync(join(root, folder, path), "utf8"));
}

const source = textsIn("src", ".ts").join("\n");
const words = new Set(source.match(/\w+/g));
const exported = new Set(
  Array.from(source.matchAll(/^export (?:abstract )?class (\w+)/gm), ([, name]) => name),
);

/** The symbol that a title begins with, as in "append() throws" or "Glob takes patterns". */
function symbolOf(text: string): string | undefined {
  const [, call] = /^(?:\w+\.)*(\w+)\(\)/.exec(text) ?? [];
  const [word] = /^\w+/.exec(text) ?? [];
  return call ?? (word !== undefined && exported.has(word) ? word : undefined);
}

for (const folder of ["append", "read", "sample", "store", "statistics", "dataset"]) {
  test(`at least 70 % of the titles in tests/${folder} begin with a symbol, which is one of src`, () => {
    const titles = textsIn(`tests/${folder}`, ".test.ts").flatMap((text) =>
      Array.from(text.matchAll(title), (found) => (found[1] ?? found[2] ?? found[3]).replaceAll("\\", ""))
    );
    const symbols = titles.map(symbolOf);
    assert.deepEqual(titles.filter((_, i) => symbols[i] !== undefined && !words.has(symbols[i])), []);
    const count = symbols.filter((symbol) => symbol !== undefined).length;
    assert.ok(count >= 0.7 * titles.length, `${count} of ${titles.length}`);
  });
}
