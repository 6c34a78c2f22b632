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

test("src imports of packages only what they publish, and no file within them", () => {
  const inner = /(?:from|import)\s*\(?\s*"((?:@[^/"]+\/)?[^./"][^/"]*\/(?:src|dist|lib)\/[^"]+)"/g;
  const found = files.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(inner)].map(([, name]) => name)
  );
  assert.deepEqual(found, []);
  assert.match('import { x } from "hyparquet/src/thrift.js"', inner);
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

/** Of the core. */
const modulesMax = 114;

/** All files that are loaded when one is: by imports other than types, and not by those at run time. */
function loadedWith(start: string): Set<string> {
  const seen = new Set([start]);
  for (const path of seen) {
    const code = readFileSync(path, "utf8").replace(/\/\*[^]*?\*\//g, "");
    const named = code.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?"(\.[^"]+)"/gm);
    for (const [, target] of named) seen.add(resolve(dirname(path), target));
  }
  return seen;
}

test("the class StreamStore and all of store/ load nothing that converts datasets", () => {
  const starts = files.filter((path) => path.startsWith(join(folder, "store")));
  assert.ok(starts.some((path) => path.endsWith("/store.ts")) && starts.length > 8, `${starts.length} files`);
  for (const start of starts) {
    const datasets = [...loadedWith(start)].filter((path) => path.startsWith(join(folder, "dataset")));
    assert.deepEqual(datasets, [], start);
  }
  const loads = [...loadedWith(join(folder, "dataset/load.ts"))];
  assert.ok(
    loads.some((path) => path.startsWith(join(folder, "dataset/sort"))),
    "the walk finds what is loaded",
  );
});

test("the core is few modules, since each costs Deno some 0.15 ms of a start from the sources", () => {
  const core = loadedWith(join(root, "mod.ts"));
  assert.ok(core.has(join(folder, "sample/windows.ts")) && !core.has(join(folder, "store/verify.ts")));
  assert.ok(
    core.size <= modulesMax,
    `${core.size} modules; those that are types alone are imported by import type`,
  );
});
