import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { root } from "./packed.ts";

/** Imports and re-exports of types too: who reads one file of a circle has to read them all. */
const relative = /(?<!["\w])(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

const folder = join(root, "src");
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts")).map((path) => join(folder, path));
const imports = new Map(files.map((path) => [path, importsOf(path, readFileSync(path, "utf8"))]));

function importsOf(path: string, text: string): string[] {
  // Examples in comments import too.
  const code = text.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(relative)].map(([, target]) => resolve(dirname(path), target));
}

/** The shortest way from a file back to itself, or null. */
function circleOf(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] | null {
  const ways = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of graph.get(way.at(-1)!) ?? []) {
      if (next === start) return [...way, start];
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return null;
}

test("imports of src form no circle, types and imports at run time included", () => {
  assert.ok([...imports.values()].flat().length > files.length, "too few imports were found");
  const circles = files.map((path) => circleOf(imports, path)).filter((circle) => circle !== null)
    .map((circle) => circle.map((path) => path.slice(folder.length + 1)).join(" → "));
  assert.deepEqual(circles, []);
});

test("the search for circles finds one of types, and one of imports at run time", () => {
  const graph = new Map([
    ["/a.ts", importsOf("/a.ts", 'import type { B } from "./b.ts";')],
    ["/b.ts", importsOf("/b.ts", '/** import "./d.ts" */\nexport * from "./c.ts";')],
    ["/c.ts", importsOf("/c.ts", 'await import("./a.ts");')],
  ]);
  assert.deepEqual(circleOf(graph, "/a.ts"), ["/a.ts", "/b.ts", "/c.ts", "/a.ts"]);
  assert.equal(circleOf(new Map([["/a.ts", ["/b.ts"]]]), "/a.ts"), null);
});
