/**
 * Makes the package as its users get it, in build/package: what is published, as JSR serves it to Deno (jsr), and what
 * JSR's npm layer makes of it for Bun (npm, and the tarball npm.tgz). JSR makes the latter itself, by
 * api/src/npm/tarball.rs of jsr-io/jsr; this one has the same shape: modules translated to JavaScript beside their
 * sources, declarations in _dist; and besides a command, as on npm. An import map has Deno take the former for the
 * package, before it is published.
 *
 *     ./run pack
 */
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const place = join(root, "build/package");
/** Everything is made here and then moved there, since tests may be at work with the package before. */
const target = `${place}.${process.pid}`;
const settings = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
const versions: Record<string, string> =
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies;

function run(program: string, ...args: string[]): string {
  const env = { ...process.env, NO_COLOR: "1" };
  return execFileSync(program, args, { cwd: root, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** What `deno publish` would upload. */
function publishedFiles(): string[] {
  const args = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
  // It lists them on its standard error.
  const listing = run("sh", "-c", '"$0" "$@" 2>&1', process.execPath, ...args);
  return [...listing.matchAll(/^ *file:\/\/(\/\S+) \(/gm)].map(([, path]) => path.slice(root.length));
}

/** Packages that a module names, and from where it names them: `from "yaml"`, `import("yaml")`. */
const specifier = /((?:\bfrom|\bimport) ?\(?")([^"]+)"/g;

function packageOf(name: string): string | undefined {
  return Object.keys(versions).find((key) => name === key || name.startsWith(`${key}/`));
}

/** As `deno publish` does: names of packages become such with their versions. */
function withVersions(text: string): string {
  return text.replace(specifier, (whole, before, name) => {
    const key = packageOf(name);
    return key === undefined ? whole : `${before}npm:${key}@${versions[key]}${name.slice(key.length)}"`;
  });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const files = publishedFiles();
mkdirSync(target, { recursive: true });
writeFileSync(`${target}/.packed`, "");
for (const path of files) {
  mkdirSync(dirname(join(target, "jsr", path)), { recursive: true });
  cpSync(join(root, path), join(target, "jsr", path));
  const text = readFileSync(join(root, path), "utf8");
  if (path.endsWith(".ts")) write(join(target, "jsr", path), withVersions(text));
}

const imports = Object.entries<string>(settings.exports).flatMap(([entry, path]) => {
  const name = `${settings.name}${entry.slice(1)}`;
  const place = `./jsr/${path.slice(2)}`;
  return [[name, place], [`jsr:${name}`, place]];
});
write(join(target, "import_map.json"), JSON.stringify({ imports: Object.fromEntries(imports) }, null, 2));

const npm = join(target, "npm");
run(process.execPath, "pack", "--allow-dirty", "--no-source-maps", "--output", `${target}/translated.tgz`);
run("tar", "-xzf", `${target}/translated.tgz`, "-C", target);
renameSync(join(target, "package"), npm);
rmSync(`${target}/translated.tgz`);
const dependencies: Record<string, string> = {};
for (const path of files) {
  const text = readFileSync(join(root, path), "utf8");
  if (!path.endsWith(".ts")) {
    write(join(npm, path), text);
    continue;
  }
  for (const [, , name] of text.matchAll(specifier)) {
    const key = packageOf(name);
    if (key !== undefined) dependencies[key] = versions[key];
  }
  write(join(npm, path), text.replace(specifier, (whole) => whole.replace(/\.ts"$/, '.js"')));
  const declarations = path.replace(/ts$/, "d.ts");
  try {
    mkdirSync(dirname(join(npm, "_dist", declarations)), { recursive: true });
    renameSync(join(npm, declarations), join(npm, "_dist", declarations));
  } catch (error) {
    // Only what the interface needs has declarations.
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  }
}
// JSR's layer has no commands; npm has, by the name that package.json gives them.
const bin = { streamstore: "./cli.js" };
const command = join(npm, "cli.js");
write(command, `#!/usr/bin/env node\n${readFileSync(command, "utf8")}`);
chmodSync(command, 0o755);
const exports = Object.entries<string>(settings.exports).map(([name, path]) => {
  const [types, code] = ["d.ts", "js"].map((ending) => path.slice(2).replace(/ts$/, ending));
  return [name, { types: `./_dist/${types}`, default: `./${code}` }];
});
write(
  join(npm, "package.json"),
  JSON.stringify(
    {
      name: `@jsr/${settings.name.slice(1).replace("/", "__")}`,
      version: settings.version,
      type: "module",
      bin,
      dependencies,
      exports: Object.fromEntries(exports),
      _jsr_revision: 0,
    },
    null,
    2,
  ),
);
run("tar", "-czf", `${target}/npm.tgz`, "--transform", "s,^npm,package,", "-C", target, "npm");
rmSync(place, { recursive: true, force: true });
renameSync(target, place);
