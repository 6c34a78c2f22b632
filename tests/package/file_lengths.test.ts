/** One subject a file: what is longer than a few screens has more than one. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./packed.ts";

const linesMax = 350;
/** The class of which every method has its documentation beside it, and the table that is generated. */
const exceptions: ReadonlyMap<string, number> = new Map([["src/store.ts", 765], ["src/native/abi.ts", 400]]);
/** The library and the viewer's page inside the package: base64, which is not in the checkout either. */
const isPacked = (path: string) => /^src\/(native\/libraries|view\/client_modules)\//.test(path);

const tests = [
  "append",
  "cli",
  "dataset",
  "native",
  "read",
  "replicate",
  "sample",
  "statistics",
  "store",
  "view",
];
const folders = ["src", "zig/src", ...tests.map((folder) => `tests/${folder}`)];

for (const folder of folders) {
  test(`no file in ${folder} has more than ${linesMax} lines, but for those named here`, () => {
    const paths = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((path) => `${folder}/${path}`)
      .filter((path) => /\.(ts|zig|py)$/.test(path) && !isPacked(path));
    assert.ok(paths.length > 1, `${paths.length} files`);
    const long = paths.map((path) =>
      [path, readFileSync(join(root, path), "utf8").split("\n").length - 1] as const
    )
      .filter(([path, count]) => count > (exceptions.get(path) ?? linesMax));
    assert.deepEqual(long, []);
  });
}
