/** What is published: every file that the package needs, and none besides. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { platforms } from "../../src/native/packaged.ts";
import { isDeno, packedFolder, root } from "./packed.ts";

/** What the package's main module loads with it. */
const modulesMax = 12;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile()).sort();
}

/** But for the lock file that a run of the package there leaves. */
const published = filesBelow(packedFolder("jsr")).filter((path) => path !== "deno.lock");
const manifest = JSON.parse(read("deno.json"));
const entries = Object.values<string>(manifest.exports).map((path) => path.slice(2));
const specifier = /(?<!["\w])(?:from|import|@ts-self-types)\s*[(=]?\s*"([^"]+)"/g;

function read(path: string): string {
  return readFileSync(join(packedFolder("jsr"), path), "utf8");
}

/** A module's text without its comments, but for where its types are. */
function codeOf(text: string): string {
  return text.replace(/\/\*(?! @ts-self-types)[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}

/** The modules and declarations that the entries reach; of packages and the runtimes' own the names. */
function reached(from: readonly string[]): Set<string> {
  const found = new Set(from);
  for (const path of found) {
    if (path.includes(":")) continue;
    for (const [, name] of codeOf(read(path)).matchAll(specifier)) {
      found.add(name.startsWith(".") ? join(path, "..", name) : name);
    }
  }
  return found;
}

test("every module that is published is reached from an entry, and none is missing", () => {
  const modules = [...reached(entries)].filter((name) => !name.includes(":"));
  const documents = filesBelow(`${root}docs`).map((path) => `docs/${path}`);
  const others = ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md", "deno.json", ...documents];
  assert.deepEqual(published, [...modules, ...others].sort());
  for (const name of [...platforms, "hashes"]) assert.ok(published.includes(`libraries/${name}.js`));
});

test("the published modules name the source of each part: all of src", () => {
  // What an entry exports stands in another file, where others share it: both name the source.
  const named = new Set(
    published.filter((path) => path.endsWith(".js"))
      .flatMap((path) => [...read(path).matchAll(/^\/\/ (\S+\.ts)$/gm)].map(([, source]) => source)),
  );
  // The viewer's page is published as it was made.
  const sources = filesBelow(`${root}src`).map((path) => `src/${path}`)
    .filter((path) => !path.startsWith("src/view/client/") && !isTypesOnly(path));
  for (const source of sources) assert.ok(named.has(source), source);
  for (const source of named) assert.ok(existsSync(join(root, source)), source);
});

test("published classes have the names that they have in the sources", async () => {
  const exported = await import(join(packedFolder(isDeno ? "jsr" : "npm"), "mod.js"));
  for (const [name, value] of Object.entries(exported)) {
    if (typeof value === "function") assert.equal(value.name, name);
  }
  const named = /^ *(?:var (\w+) = class(?: (\w+))? |(?:export )?class (\w+) )/gm;
  const classes = published.filter((path) => path.endsWith(".js"))
    .flatMap((path) => [...read(path).matchAll(named)].map(([, own, inner, plain]) => inner ?? own ?? plain));
  assert.ok(classes.includes("StreamStore") && classes.length > 100, `${classes.length} classes`);
  assert.deepEqual(classes.filter((name) => /^_|\d$/.test(name)), []);
});

test("importing the package reads few modules", () => {
  const found = new Set(["mod.js"]);
  for (const path of found) {
    for (
      const [, name] of read(path).matchAll(/^(?:import|export)?[^\n;]*?(?: from|^import) "(\.[^"]+)"/gm)
    ) {
      found.add(join(path, "..", name));
    }
  }
  assert.ok(found.size > 5 && found.size <= modulesMax, `${found.size} modules`);
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

test("npm's shape has the same modules, and JavaScript and declarations for every entry", () => {
  const folder = packedFolder("npm");
  const { name, exports, dependencies } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  assert.equal(name, "@jsr/streamstore__streamstore");
  assert.deepEqual(Object.keys(exports), Object.keys(manifest.exports));
  for (const { types, default: code } of Object.values<{ types: string; default: string }>(exports)) {
    for (const path of [types, code]) assert.ok(existsSync(join(folder, path)), path);
  }
  assert.deepEqual(filesBelow(folder), [...published, "package.json"].sort());
  const wanted = JSON.parse(readFileSync(`${root}package.json`, "utf8")).dependencies;
  assert.deepEqual(sorted(dependencies), sorted(wanted));
});

/** Whether a source of ours has nothing that runs. */
function isTypesOnly(path: string): boolean {
  return !/^export (?!type|interface)/m.test(codeOf(readFileSync(join(root, path), "utf8")));
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
  const cwd = packedFolder("jsr");
  const { status, stdout, stderr } = spawnSync(`${root}run`, args, { cwd, encoding: "utf8", env });
  assert.equal(status, 0, stderr);
  assert.match(stdout + stderr, /Checking for slow types/);
  assert.doesNotMatch(stdout + stderr, /warning|slow-types?\b.*\[/i);
  const listed = [...(stdout + stderr).matchAll(/^ *file:\/\/(\/\S+) \(/gm)].map(([, path]) => path);
  assert.deepEqual(listed.sort(), published.map((path) => `${cwd}/${path}`));
});

test("the changelog has this version first, and says what it holds", () => {
  const [, ...versions] = readFileSync(`${root}CHANGELOG.md`, "utf8").split(/^## /m);
  assert.ok(versions[0].startsWith(`${manifest.version}\n`), versions[0]);
  for (const part of ["### Added", "### Not supported"]) assert.ok(versions[0].includes(part), part);
});
