import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdtempSync, readFileSync, realpathSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { besideTree, hotPaths } from "../bench/cases/before.ts";
import { coldBesideTree } from "../bench/cases/cold.ts";
import { prepare, unpack } from "../bench/harness/before.ts";
import { sizesOf } from "../bench/harness/sizes.ts";

/** A tmpfs has no pages to drop, and nothing to read them from. */
const isInMemory = statfsSync(tmpdir()).type === 0x01021994;

const root = fileURLToPath(new URL("..", import.meta.url));

// Its own tree stands for that of an older commit: to build one takes longer than a test may.
test("besideTree() measures each hot path in both trees, and hands it on", async () => {
  const shown: string[] = [];
  const names = Object.keys(hotPaths);
  const measurements = await besideTree(root, names, sizesOf.small, ({ name }) => shown.push(name));
  assert.deepEqual(shown, names.map((name) => hotPaths[name].text));
  for (const { name, value, limit, ratio, ratioSpread } of measurements) {
    assert.ok(value! > 0 && limit!.value > 0, name);
    const [least, most] = ratioSpread!;
    assert.ok(least <= ratio! && ratio! <= most, `${name}: ${least} <= ${ratio} <= ${most}`);
  }
});

test("coldBesideTree() reads both trees' stores from the disk, of both dtypes and with both kinds of advice", () => {
  const measurements = coldBesideTree(root, sizesOf.small);
  if (process.platform !== "linux") return;
  assert.equal(measurements.length, 8);
  for (const { name, value, limit } of measurements) {
    const isKnown = name.includes("read from disk") && isInMemory;
    assert.ok(isKnown || (value! > 0 && limit!.value > 0), name);
  }
});

const noGit = existsSync(join(root, ".git")) ? false : "this is no checkout";

test("unpack() and prepare() make a tree of a commit with the bench/ and the packages of here", {
  skip: noGit,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "before-"));
  try {
    const tree = join(folder, "tree");
    unpack("HEAD", tree);
    assert.ok(existsSync(join(tree, "mod.ts")));
    rmSync(join(tree, "bench", "main.ts"));
    prepare(tree);
    prepare(tree);
    const main = (base: string) => readFileSync(join(base, "bench", "main.ts"), "utf8");
    assert.equal(main(tree), main(root));
    const same = (file: string) =>
      readFileSync(join(tree, file), "utf8") === readFileSync(join(root, file), "utf8");
    if (!same("package-lock.json")) return;
    const packages = join(tree, "node_modules");
    assert.ok(lstatSync(packages).isSymbolicLink());
    assert.equal(realpathSync(packages), realpathSync(join(root, "node_modules")));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
