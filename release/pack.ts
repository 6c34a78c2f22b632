/**
 * Makes the package as its users get it, in build/package: what is published, as JSR serves it to Deno (jsr), and what
 * JSR's npm layer makes of it for Bun and Node (npm, and the tarball npm.tgz). An import map has Deno take the former for
 * the package, before it is published.
 *
 *     ./run pack
 *
 * What is published is no TypeScript: every module that a program reads costs its start 0.1 to 0.8 ms, and the sources are
 * 300. esbuild makes a few files of them, which are not minified and name the source of each part; what is loaded later
 * lies in files of its own, as `import()` says. Declarations, with all documentation, come from Deno, a file a source.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build, type Plugin, stop } from "esbuild";
import { platforms } from "../src/native/packaged.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const place = join(root, "build/package");
/** Everything is made here and then moved there, since tests may be at work with the package before. */
const target = `${place}.${process.pid}`;
const [jsr, npm] = [join(target, "jsr"), join(target, "npm")];
const lockFile = "deno.lock";
const settings = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
const versions: Record<string, string> =
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies;

/** Where the Worker must lie: beside the module that starts it, by this name. See src/native/worker.ts. */
const worker = "lib/streamstore_worker";

function run(program: string, args: readonly string[], cwd = root): string {
  const env = { ...process.env, NO_COLOR: "1" };
  return execFileSync(program, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** The names under which the package is imported, and for each the source's path without its ending. */
const entries = Object.entries<string>(settings.exports).map(([name, path]) =>
  [name, path.slice(2).replace(/\.ts$/, "")] as const
);

/** Where an entry's JavaScript stands in the package. */
const scriptOf = (source: string) => source.endsWith("/worker") ? worker : source;

/** What an `import()` loads without the core: its own parts, those of a Worker, and what the shell asks for. */
const withoutCore = /^src\/(native|view\/client_modules|view\/series)\/|^src\/cli\/completion\.ts$/;

/**
 * Whatever else an `import()` loads, the core is there by then. esbuild is told so by a module between the two, which
 * imports both. Otherwise it gives every set of the core's modules that other parts share a file of its own: there would
 * be 24 to read at a start instead of 10.
 */
const afterCore: Plugin = {
  name: "after the core",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\./ }, ({ kind, resolveDir, path }) => {
      const source = relative(root, resolve(resolveDir, path));
      return kind !== "dynamic-import" || withoutCore.test(source)
        ? undefined
        : { path: source, namespace: "after" };
    });
    onLoad({ filter: /./, namespace: "after" }, ({ path }) => ({
      contents: `import "./mod.ts"; export * from "./${path}";`,
      resolveDir: root,
    }));
  },
};

/** All modules of the package, from the sources: entries, and what is loaded by itself. */
async function bundle(): Promise<void> {
  const libraries = [...platforms, "hashes"].map((
    name,
  ) => [`libraries/${name}`, `src/native/libraries/${name}`]);
  const sources = [...entries.map(([, source]) => [scriptOf(source), source]), ...libraries];
  await build({
    absWorkingDir: root,
    entryPoints: sources.map(([script, source]) => ({ out: script, in: `${source}.ts` })),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "esnext",
    charset: "utf8",
    packages: "external",
    external: ["bun:*"],
    chunkNames: "lib/[name]-[hash]",
    outdir: jsr,
    plugins: [afterCore],
    logLevel: "warning",
  });
  await stop();
}

/** A class that names itself becomes `X = class _X`, and errors and inspectors would show the latter: here it is X again. */
function withOwnNames(text: string): string {
  const names = [...text.matchAll(/ = class _(\w+)/g)].map(([, name]) => name);
  return names.reduce((text, name) => text.replaceAll(new RegExp(`\\b_${name}\\b`, "g"), name), text);
}

/** Declarations of what the interface needs, below types/, as `deno pack` makes them. */
function declare(): void {
  const translated = join(target, "translated");
  const args = ["pack", "--allow-dirty", "--no-source-maps", "--output", `${translated}.tgz`];
  run(process.execPath, args);
  mkdirSync(translated);
  run("tar", ["-xzf", `${translated}.tgz`, "-C", translated]);
  for (const path of filesBelow(translated)) {
    if (!path.endsWith(".d.ts")) continue;
    // Deno resolves a path as it is.
    const text = readFileSync(join(translated, path), "utf8").replace(ownModule, '$1"$2.d.ts"');
    write(join(jsr, "types", path.slice("package/".length)), text);
  }
  rmSync(translated, { recursive: true });
  rmSync(`${translated}.tgz`);
}

/** A module of ours, named by another. */
const ownModule = /(\b(?:from|import) ?\(?)"(\.\.?\/[^"]+?)(?:\.d\.ts|\.js)"/g;
/** A package, named by a module. */
const named = /(\b(?:from|import) ?\(?")([^".:][^":]*)"/g;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Changes the texts of a folder whose names end so. */
function edit(folder: string, ending: string, change: (text: string) => string): void {
  for (const path of filesBelow(folder)) {
    if (path.endsWith(ending)) {
      writeFileSync(join(folder, path), change(readFileSync(join(folder, path), "utf8")));
    }
  }
}

/** What `deno publish` takes, in the folder jsr. */
async function makePublished(): Promise<void> {
  await bundle();
  declare();
  for (const [, source] of entries) {
    const script = join(jsr, `${scriptOf(source)}.js`);
    const types = `${"../".repeat(scriptOf(source).split("/").length - 1) || "./"}types/${source}.d.ts`;
    const text = readFileSync(script, "utf8");
    writeFileSync(script, `/* @ts-self-types="${types}" */\n${text}`);
  }
  edit(jsr, ".js", withOwnNames);
  for (const ending of [".js", ".d.ts"]) edit(jsr, ending, withVersions);
  for (const name of ["docs", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md"]) {
    cpSync(join(root, name), join(jsr, name), { recursive: true });
  }
  const { name, version, license } = settings;
  const exports = Object.fromEntries(entries.map(([name, source]) => [name, `./${scriptOf(source)}.js`]));
  // Git ignores build/, and what it ignores is not published unless it says so. What runs there leaves a lock file.
  const publish = { exclude: ["!.", lockFile] };
  const configuration = { name, version, license, exports, publish };
  write(join(jsr, "deno.json"), JSON.stringify(configuration, null, 2));
}

/** As `deno publish` does: names of packages become such with their versions. */
function withVersions(text: string): string {
  return text.replace(named, (whole, before, name) => {
    const key = Object.keys(versions).find((key) => name === key || name.startsWith(`${key}/`));
    return key === undefined ? whole : `${before}npm:${key}@${versions[key]}${name.slice(key.length)}"`;
  });
}

/** The same with names of npm's packages, and as a package of npm's. It has a command, which JSR's layer has not. */
function makeNpm(): void {
  cpSync(jsr, npm, { recursive: true });
  const dependencies: Record<string, string> = {};
  for (const ending of [".js", ".d.ts"]) {
    edit(
      npm,
      ending,
      (text) =>
        text.replace(/"npm:((?:@[^/]+\/)?[^@/]+)@([^/"]+)(\/[^"]*)?"/g, (_, name, version, inner = "") => {
          dependencies[name] = version;
          return `"${name}${inner}"`;
        }),
    );
  }
  edit(npm, ".d.ts", (text) => text.replace(ownModule, '$1"$2.js"'));
  const command = join(npm, "cli.js");
  write(command, `#!/usr/bin/env node\n${readFileSync(command, "utf8")}`);
  chmodSync(command, 0o755);
  const exports = entries.map((
    [name, source],
  ) => [name, { types: `./types/${source}.d.ts`, default: `./${scriptOf(source)}.js` }]);
  const manifest = {
    name: `@jsr/${settings.name.slice(1).replace("/", "__")}`,
    version: settings.version,
    type: "module",
    bin: { streamstore: "./cli.js" },
    dependencies,
    exports: Object.fromEntries(exports),
    _jsr_revision: 0,
  };
  write(join(npm, "package.json"), JSON.stringify(manifest, null, 2));
  run("tar", ["-czf", `${target}/npm.tgz`, "--transform", "s,^npm,package,", "-C", target, "npm"]);
}

function writeImportMap(): void {
  const imports = entries.flatMap(([entry, source]) => {
    const name = `${settings.name}${entry.slice(1)}`;
    return [name, `jsr:${name}`].map((name) => [name, `./jsr/${scriptOf(source)}.js`]);
  });
  write(join(target, "import_map.json"), JSON.stringify({ imports: Object.fromEntries(imports) }, null, 2));
}

mkdirSync(jsr, { recursive: true });
await makePublished();
makeNpm();
writeImportMap();
write(`${target}/.packed`, "");
rmSync(place, { recursive: true, force: true });
renameSync(target, place);
