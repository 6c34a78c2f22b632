// The script `run`, and what it reads: the pins, the lock files and the two manifests.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = (path: string): string => readFileSync(root + path, "utf8");
const json = (path: string) => JSON.parse(text(path));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(`${root}run`, args, { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("run without a verb prints the usage of every verb", () => {
  const { status, stdout } = run();
  assert.equal(status, 0);
  for (
    const verb of ["demo", "test", "interop", "bench", "fmt", "check", "build", "pack", "deno", "bun", "zig"]
  ) {
    assert.match(stdout, new RegExp(`\\b${verb}\\b`));
  }
});

test("run refuses what it does not know, and names what it does", () => {
  const refused: [string[], RegExp][] = [
    [
      ["dmeo"],
      /Unknown verb 'dmeo': allowed are demo test interop bench torture fmt check build pack deno bun zig help/,
    ],
    [["demo", "--runtime", "node"], /--runtime must be deno or bun, got 'node'/],
    [["bench", "--runtime"], /--runtime must be deno or bun, got ''/],
    [["test", "node"], /test takes nothing or one of 'zig deno bun', got 'node'/],
    [["build", "-all"], /build takes nothing or --all, got '-all'/],
  ];
  for (const [args, message] of refused) {
    const { status, stderr } = run(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, message);
  }
});

test("deno.json and package.json say the same, in exact versions", () => {
  const deno = json("deno.json");
  const npm = json("package.json");
  for (const key of ["name", "version", "license", "exports"]) assert.deepEqual(deno[key], npm[key], key);
  const versions: Record<string, string> = { ...npm.dependencies, ...npm.devDependencies };
  for (const [name, version] of Object.entries(versions)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
  for (const [name, source] of Object.entries(deno.imports)) {
    assert.equal(source, `npm:${name}@${versions[name]}`);
  }
  for (const name of Object.keys(npm.dependencies)) {
    assert.ok(name in deno.imports, `${name} is in deno.json`);
  }
});

test("lock files name the versions of their manifests, and no registry", () => {
  for (const folder of ["", "toolchain/"]) {
    const { dependencies, devDependencies, optionalDependencies } = json(`${folder}package.json`);
    const lock = json(`${folder}package-lock.json`);
    const pins = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    for (const [name, version] of pins) assert.equal(lock.packages[`node_modules/${name}`].version, version);
    assert.doesNotMatch(text(`${folder}package-lock.json`), /"resolved"/);
  }
});

test("the toolchain has one Deno and one Bun for all systems", () => {
  const pins = Object.entries<string>(json("toolchain/package.json").optionalDependencies);
  for (const scope of ["@deno/", "@oven/"]) {
    const versions = pins.filter(([name]) => name.startsWith(scope)).map(([, version]) => version);
    assert.deepEqual([versions.length, new Set(versions).size], [4, 1]);
  }
});
