/** What is published: every file that the package needs, and none besides. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { platforms } from "../../src/native/packaged.ts";
import { packedFolder, root } from "./packed.ts";

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile()).sort();
}

const settings = JSON.parse(readFileSync(`${root}deno.json`, "utf8"));
const entries = Object.values<string>(settings.exports).map((path) => path.slice(2));
const specifier = /(?<!["\w])(?:from|import)\s*\(?\s*"([^"]+)"/g;

/** A module's text without its comments. */
function codeOf(path: string): string {
  return readFileSync(join(packedFolder("jsr"), path), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

/** The modules that the entries reach; of packages and the runtimes' own the names. */
function reached(from: readonly string[], isFollowed = (_name: string) => true): Set<string> {
  const found = new Set(from);
  for (const path of found) {
    if (!path.endsWith(".ts") || path.includes(":")) continue;
    for (const [, name] of codeOf(path).matchAll(specifier)) {
      if (isFollowed(name)) found.add(name.startsWith(".") ? join(path, "..", name) : name);
    }
  }
  return found;
}

test("every module that is published is reached from an entry, and none is missing", () => {
  const published = filesBelow(packedFolder("jsr"));
  const modules = [...reached(entries)].filter((name) => !name.includes(":"));
  const documents = filesBelow(`${root}docs`).map((path) => `docs/${path}`);
  const others = ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md", "deno.json", ...documents];
  assert.deepEqual(published, [...modules, ...others].sort());
  for (const name of [...platforms, "hashes"]) {
    assert.ok(published.includes(`src/native/libraries/${name}.ts`));
  }
  for (const name of ["script", "style"]) {
    assert.ok(published.includes(`src/view/client_modules/${name}.ts`));
  }
});

/** The viewer's page is published as it was made. */
const isClient = (path: string) => path.startsWith("src/view/client/");

test("all under src is published, and nothing else but the entries", () => {
  const sources = filesBelow(`${root}src`).map((path) => `src/${path}`).filter((path) => !isClient(path));
  const entriesOutside = entries.filter((path) => !path.startsWith("src/"));
  const modules = filesBelow(packedFolder("jsr")).filter((path) => path.endsWith(".ts"));
  assert.deepEqual(modules, [...sources, ...entriesOutside].sort());
});

test("modules import nothing but each other, the runtimes' own and packages with a version", () => {
  for (const name of reached(entries)) {
    if (name.includes(":")) {
      assert.match(name, /^(node:\w+(\/\w+)?|bun:\w+|npm:(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+(\/[\w./-]+)?)$/);
    }
  }
});

test("the package is far below JSR's 20 MB", () => {
  const folder = packedFolder("jsr");
  const total = filesBelow(folder).reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
  assert.ok(total < 4_000_000, `${total} bytes`);
});

test("npm's shape has JavaScript and declarations for every entry, and JavaScript for every module", () => {
  const folder = packedFolder("npm");
  const { name, exports, dependencies } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  assert.equal(name, "@jsr/streamstore__streamstore");
  for (
    const [entry, { types, default: code }] of Object.entries<{ types: string; default: string }>(exports)
  ) {
    assert.ok(existsSync(join(folder, code)), `${entry}: ${code}`);
    if (entry !== "./worker") assert.ok(existsSync(join(folder, types)), `${entry}: ${types}`);
  }
  for (const path of filesBelow(packedFolder("jsr"))) {
    if (path.endsWith(".ts")) {
      assert.ok(existsSync(join(folder, path.replace(/ts$/, "js"))) || isTypesOnly(path), path);
    }
  }
  const wanted = JSON.parse(readFileSync(`${root}package.json`, "utf8")).dependencies;
  assert.deepEqual(sorted(dependencies), sorted(wanted));
});

function isTypesOnly(path: string): boolean {
  return !/^export (?!type|interface)/m.test(codeOf(path));
}

function sorted(object: Record<string, string>): [string, string][] {
  return Object.entries(object).sort();
}

test("importing the core loads neither Arrow nor Parquet, nor any other package", () => {
  const args = ["deno", "info", "--json", "mod.ts"];
  const { status, stdout, stderr } = spawnSync(`${root}run`, args, { cwd: root, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  interface Dependency {
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier: string };
  }
  const modules: { specifier: string; dependencies?: Dependency[] }[] = JSON.parse(stdout).modules;
  const core = new Set([`file://${root}mod.ts`]);
  for (const specifier of core) {
    const { dependencies = [] } = modules.find((module) => module.specifier === specifier) ?? {};
    for (const { isDynamic, code } of dependencies) if (!isDynamic && code) core.add(code.specifier);
  }
  assert.ok(core.size > 20, `${core.size} modules`);
  const packages = [...core].filter((specifier) => !/^(file|node):/.test(specifier));
  assert.deepEqual(packages, []);
});

test("deno publish --dry-run passes without slow types, and would upload just what is packed", () => {
  const args = ["deno", "publish", "--dry-run", "--allow-dirty"];
  const env = { ...process.env, NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(`${root}run`, args, { cwd: root, encoding: "utf8", env });
  assert.equal(status, 0, stderr);
  assert.match(stdout + stderr, /Checking for slow types/);
  assert.doesNotMatch(stdout + stderr, /warning|slow-types?\b.*\[/i);
  const listed = [...(stdout + stderr).matchAll(/^ *file:\/\/(\/\S+) \(/gm)].map(([, path]) => path);
  assert.deepEqual(listed.sort(), filesBelow(packedFolder("jsr")).map((path) => `${root}${path}`));
});

test("the changelog has this version first, and says what it holds", () => {
  const [, ...versions] = readFileSync(`${root}CHANGELOG.md`, "utf8").split(/^## /m);
  assert.ok(versions[0].startsWith(`${settings.version}\n`), versions[0]);
  for (const part of ["### Added", "### Not supported"]) assert.ok(versions[0].includes(part), part);
});
