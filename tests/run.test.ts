// The script `run`, and what it reads: the pins, the lock files and the two manifests.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
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
    const verb of [
      "demo",
      "test",
      "interop",
      "python",
      "bench",
      "fmt",
      "check",
      "build",
      "pack",
      "deno",
      "bun",
      "node",
      "zig",
    ]
  ) {
    assert.match(stdout, new RegExp(`\\b${verb}\\b`));
  }
});

test("run refuses what it does not know, and names what it does", () => {
  const refused: [string[], RegExp][] = [
    [
      ["dmeo"],
      /Unknown verb 'dmeo': allowed are demo cluster test interop python ray bench torture fmt check build pack deno bun node zig help/,
    ],
    [["demo", "--runtime", "nodejs"], /--runtime must be deno, bun or node, got 'nodejs'/],
    [["bench", "--runtime"], /--runtime must be deno, bun or node, got ''/],
    [["test", "nodejs"], /test takes nothing or one of 'zig deno bun node', got 'nodejs'/],
    [["build", "-all"], /build takes nothing or --all, got '-all'/],
  ];
  for (const [args, message] of refused) {
    const { status, stderr } = run(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, message);
  }
});

/** A checkout without anything installed, and tools on its path that only write down how they are called. */
function freshCheckout(
  use: (
    call: (...args: string[]) => string[],
    start: (...args: string[]) => { readonly status: number | null; readonly stdout: string },
    answer: (tool: string, script: string) => void,
    checkout: string,
  ) => void,
): void {
  const folder = mkdtempSync(join(tmpdir(), "streamstore-run-"));
  try {
    const [checkout, tools, log] = ["checkout", "tools", "log"].map((name) => join(folder, name));
    const tests = ["tests/run.test.ts", "tests/fields.test.ts"];
    for (const path of ["run", "toolchain", "package.json", "package-lock.json", ".npmrc", ...tests]) {
      cpSync(root + path, join(checkout, path), { recursive: true });
    }
    mkdirSync(join(checkout, "zig"));
    mkdirSync(tools);
    const pinned = (path: string, pattern: RegExp) => pattern.exec(text(path))![1];
    const versions = {
      deno: `deno ${pinned("toolchain/package.json", /@deno\/[^:]*: "([0-9.]+)"/)}`,
      bun: pinned("toolchain/package.json", /@oven\/[^:]*: "([0-9.]+)"/),
      node: `v${pinned("toolchain/package.json", /node-linux[^:]*: "([0-9.]+)"/)}`,
      zig: pinned("toolchain/zig.txt", /ziglang==([0-9.]+)/),
    };
    const tell = (version: string) =>
      `case "$1" in -V | --version | version) echo "${version}"; exit ;; esac\n`;
    const note = `echo "$(basename "$0") $*" >>"${log}"\n`;
    const answers = 'case " $* " in *" test "* | *" --test "*) [ ! -e "$0.test" ] || . "$0.test" ;; esac\n';
    // What npm would install is as much as the script looks for.
    const install =
      'mkdir -p "$3/node_modules/apache-arrow"; touch "$3/node_modules/apache-arrow/package.json"\n';
    const scripts = {
      ...Object.fromEntries(
        Object.entries(versions).map(([name, version]) => [name, tell(version) + note + answers]),
      ),
      npm: note + install,
    };
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(tools, name), `#!/bin/sh\n${script}`, { mode: 0o755 });
    }
    const env = { ...process.env, PATH: `${tools}:/usr/bin:/bin` };
    const start = (...args: string[]) => spawnSync(join(checkout, "run"), args, { encoding: "utf8", env });
    const call = (...args: string[]) => {
      writeFileSync(log, "");
      const { status, stderr } = start(...args);
      assert.equal(status, 0, stderr);
      return readFileSync(log, "utf8").trimEnd().split("\n");
    };
    use(call, start, (tool, script) => writeFileSync(join(tools, `${tool}.test`), script), checkout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const runtime of ["deno", "bun", "node"]) {
  test(`./run ${runtime} sets up what a script of ours needs, once, and then is the tool itself`, () =>
    freshCheckout((call) => {
      const [install, build, script, ...rest] = call(runtime, "-A", "examples/hub.ts", "two words");
      assert.match(install, /^npm ci /);
      assert.match(build, /^zig build /);
      const ending = (line: string) => line.replace(/^node .*typescript\.mjs/, "node");
      assert.deepEqual([script, ...rest].map(ending), [`${runtime} -A examples/hub.ts two words`]);
      assert.deepEqual(call(runtime, "examples/hub.ts").map(ending), [`${runtime} examples/hub.ts`]);
    }));

  test(`./run ${runtime} --version needs nothing set up`, () =>
    freshCheckout((call) => assert.deepEqual(call(runtime, "--version"), [""])));
}

test("./run test shows one suite after another, and counts the tests of all, also of one that breaks off", () =>
  freshCheckout((_, start, answer) => {
    const zig = 'echo "Build Summary: 4/4 steps succeeded; 7/7 tests passed" >&2\n';
    const bun = 'echo "of Bun"; echo " 3 pass"; echo " 1 skip"; echo " 0 fail"\n';
    const deno = 'echo "of Deno"; echo "ok | 5 passed | 0 failed (1s)"\n';
    const node =
      'echo "ℹ pass 2"; echo "ℹ fail 0"; echo "ℹ cancelled 0"; echo "ℹ skipped 1"; echo "ℹ todo 0"\n';
    const hung = 'echo "ℹ pass 2"; echo "ℹ fail 1"; echo "ℹ cancelled 1"; echo "ℹ skipped 0"; exit 1\n';
    const failing = 'echo "FAILED | 5 passed | 2 failed | 1 ignored (1s)"; exit 1\n';
    // Deno's are two: the second begins where Node's has ended.
    const cases = [
      [{ zig, deno, bun, node }, 0, "22 passed, 0 failed, 2 skipped"],
      [{ zig, deno: failing, bun, node }, 1, "22 passed, 4 failed, 4 skipped"],
      [{ zig, deno: "exit 134", bun, node }, 1, "12 passed, 2 failed, 2 skipped"],
      [{ zig, deno: `${deno} kill -9 $$`, bun, node }, 1, "22 passed, 2 failed, 2 skipped"],
      [{ zig, deno, bun: "exit 1", node }, 1, "19 passed, 1 failed, 1 skipped"],
      [{ zig, deno, bun, node: hung }, 1, "22 passed, 2 failed, 1 skipped"],
      [{ zig: "exit 1", deno, bun, node }, 1, "15 passed, 1 failed, 2 skipped"],
    ] as const;
    for (const [suites, status, counts] of cases) {
      for (const [tool, script] of Object.entries(suites)) answer(tool, script);
      const { stdout, ...ended } = start("test");
      assert.deepEqual([ended.status, stdout.trimEnd().split("\n").at(-1)], [status, counts]);
    }
    answer("bun", `sleep 1\n${bun}`);
    answer("deno", deno);
    assert.match(start("test").stdout, /of Bun\n[^]*0 fail\n[^]*of Deno\n/);
  }));

test("./run test runs what no runtime changes once, by Deno, and elsewhere where it is named", () =>
  freshCheckout((call, _, answer) => {
    answer("bun", 'echo " 3 pass"\n');
    answer("node", 'echo "ℹ pass 2"\n');
    answer("deno", 'echo "ok | 5 passed | 0 failed (1s)"\n');
    const started = (...args: string[]) => call("test", ...args).at(-1)!;
    const once = Array.from(started("bun").matchAll(/ --path-ignore-patterns (\S+)/g), ([, path]) => path);
    assert.ok(once.includes("tests/run.test.ts"), once.join(" "));
    for (const path of once) assert.ok(existsSync(root + path), path);
    assert.match(started("node"), / tests\/fields\.test\.ts /);
    assert.doesNotMatch(started("node"), / tests\/run\.test\.ts /);
    assert.match(started("deno"), / tests /);
    for (const runtime of ["bun", "node"]) {
      const named = started(runtime, "tests/run.test.ts");
      assert.match(named, / tests\/run\.test\.ts$/);
      assert.doesNotMatch(named, / --path-ignore-patterns /);
    }
  }));

test("./run test leaves no file of tests to nobody, and what meets the library to Deno and Bun both", () =>
  freshCheckout((call, _, answer, checkout) => {
    const paths = readdirSync(`${root}tests`, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".test.ts")).map((path) => `tests/${path}`);
    assert.ok(paths.length > 250);
    for (const path of paths) cpSync(root + path, join(checkout, path), { recursive: true });
    answer("bun", 'echo " 3 pass"\n');
    answer("node", 'echo "ℹ pass 2"\n');
    answer("deno", 'echo "ok | 5 passed | 0 failed (1s)"\n');
    answer("zig", 'echo "Build Summary: 4/4 steps succeeded; 7/7 tests passed" >&2\n');
    const calls = call("test").map((line) => line.split(" "));
    const suites = {
      deno: calls.filter(([tool, verb]) => tool === "deno" && verb === "test").map((args) => {
        const ignored = args.find((arg) => arg.startsWith("--ignore="))!.slice("--ignore=".length).split(",");
        assert.ok(ignored.every((path) => path !== ""), "Deno takes that for the folder that it is in");
        const isBelow = (folders: string[], path: string) =>
          folders.some((folder) => `${path}/`.startsWith(`${folder}/`));
        return (path: string) => isBelow(args, path) && !isBelow(ignored, path);
      }),
      bun: calls.filter(([tool, verb]) => tool === "bun" && verb === "test").map((args) => (path: string) =>
        !args.includes(path)
      ),
      node: calls.filter((args) => args.includes("--test")).map((args) => (path: string) =>
        args.includes(path)
      ),
    };
    assert.deepEqual(Object.values(suites).map(({ length }) => length), [2, 1, 1]);
    for (const path of paths) {
      const [deno, bun, node] = Object.values(suites).map((all) => all.filter((has) => has(path)).length);
      assert.ok(deno < 2 && deno + bun + node > 0, path);
      const meetsTheLibrary = /^tests\/(append|damage|native|read|sample|store)\/(?!.*_format\.)/.test(path);
      if (meetsTheLibrary) assert.ok(deno && bun, path);
    }
  }));

test("./run deno bench may do what a store does, unless it is said what it may", () =>
  freshCheckout((call) => {
    assert.equal(call("deno", "bench").at(-1), "deno bench -A");
    assert.equal(call("deno", "bench", "--allow-ffi").at(-1), "deno bench --allow-ffi");
    assert.equal(call("deno", "bench", "--filter", "append").at(-1), "deno bench -A --filter append");
  }));

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

test("the toolchain has one Deno, one Bun and one Node for all systems", () => {
  const pins = Object.entries<string>(json("toolchain/package.json").optionalDependencies);
  for (const scope of ["@deno/", "@oven/", "node-"]) {
    const versions = pins.filter(([name]) => name.startsWith(scope)).map(([, version]) => version);
    assert.deepEqual([versions.length, new Set(versions).size], [4, 1]);
  }
});

test("./run test gives each test of the viewer's page to one runtime", () => {
  const shares = [...text("run").matchAll(/browser_on_\w+="([\w ]+)"/g)];
  const files = readdirSync(`${root}tests/view/browser`).map((path) => path.replace(".test.ts", ""));
  assert.equal(shares.length, 3);
  assert.deepEqual(shares.flatMap(([, names]) => names.split(" ")).sort(), files.sort());
});
