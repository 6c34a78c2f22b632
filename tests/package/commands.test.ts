/** What `./run pack` prints: each of its commands is run as it stands there, in an empty folder. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { type NpmRegistry, serveNpm } from "./npm_registry.ts";
import { runtimeName } from "../support/runtime.ts";
import { root } from "./packed.ts";

let registry: NpmRegistry;
let scratch: string;
/** What was printed, and the lines of it that are commands. */
let printed: string;
let commands: string[];
before(async () => {
  registry = await serveNpm();
  scratch = mkdtempSync(join(tmpdir(), "streamstore-commands-"));
  const { status, stdout, stderr } = spawnSync(`${root}run`, ["pack"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  printed = stdout;
  commands = [...printed.matchAll(/^ {2}((?:deno|bun|npm) .*)$/gm)].map(([, command]) => command);
});
after(() => {
  registry.close();
  rmSync(scratch, { recursive: true });
});

/** Runs a line as a shell does, in a folder; the runtime of this process is the one on the path. */
function shell(line: string, folder: string): Promise<string> {
  const home = join(scratch, "home");
  mkdirSync(home, { recursive: true });
  const path = [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
  const env = { PATH: path, HOME: home, NO_COLOR: "1", NPM_CONFIG_REGISTRY: registry.url };
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, env, encoding: "utf8", timeout: 100_000 } as const;
    execFile("/bin/sh", ["-c", line], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${line}: ${stdout}${stderr}`));
    });
  });
}

/** An empty folder with README's first example as main.ts, which imports the package as `from` says. */
function project(from = "@streamstore/streamstore"): string {
  const folder = mkdtempSync(join(scratch, "project-"));
  const [, example] = /```ts\n([^]*?)```/.exec(readFileSync(`${root}README.md`, "utf8"))!;
  const own = 'from "@streamstore/streamstore"';
  assert.ok(example.includes(own));
  writeFileSync(join(folder, "main.ts"), example.replace(own, `from "${from}"`));
  return folder;
}

/** What the example prints. */
const result = "128 128 2304 1000\n";

const [ofDeno, ofBun, ofNode] = ["deno", "bun", "node"].map((name) => ({
  skip: name !== runtimeName && "a command of another runtime",
}));

test("./run pack says where the packages are, and prints one command for each runtime", () => {
  assert.match(printed, new RegExp(`${root}build/package`));
  assert.deepEqual(commands.map((command) => command.split(" ")[0]), ["deno", "bun", "npm"]);
});

test("the command for Deno runs README's example", ofDeno, async () => {
  assert.equal(await shell(commands[0], project()), result);
  assert.equal(await shell(commands[0], project("jsr:@streamstore/streamstore")), result);
});

test(
  "deno check of a program and of all of the package, with no types but what the package brings",
  ofDeno,
  async () => {
    const check = commands[0].replace("run -A", "check");
    assert.match(check, /^deno check --import-map=/);
    await shell(check, project());
  },
);

test("the command for Bun adds the package under its own name", ofBun, async () => {
  const folder = project();
  await shell(commands[1], folder);
  assert.equal(await shell("bun main.ts", folder), result);
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(dependencies), ["@streamstore/streamstore"]);
  // The command line, by the name that the package gives it.
  assert.match(await shell("bun x --bun streamstore --help", folder), /^Usage: streamstore VERB/);
  const help = await shell("bun node_modules/@streamstore/streamstore/cli.js info --help", folder);
  assert.match(help, /^Usage: streamstore info /);
});

test("the package has the command line for Deno", ofDeno, async () => {
  const folder = project();
  const call = `
    import { main } from "jsr:@streamstore/streamstore/cli";
    import process from "node:process";
    process.exit(await main(["info", "--help"]));
  `;
  writeFileSync(join(folder, "main.ts"), call);
  assert.match(await shell(commands[0], folder), /^Usage: streamstore info /);
});

test("the command for Node adds the package under its own name", ofNode, async () => {
  const folder = project();
  await shell(commands[2], folder);
  assert.equal(await shell("node --disable-warning=ExperimentalWarning main.ts", folder), result);
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(dependencies), ["@streamstore/streamstore"]);
  assert.match(await shell("node_modules/.bin/streamstore --help", folder), /^Usage: streamstore VERB/);
});
