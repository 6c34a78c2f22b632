/** The library that travels in the package, and the folder that it is unpacked into. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { temporaryName } from "../../src/store/durable_file.ts";
import type { PackagedLibrary } from "../../src/native/packaged.ts";
import { packedFolder, type Report, start, thisPlatform } from "./packed.ts";

const sum = 4950;
const cache = process.platform === "darwin" ? "Library/Caches" : ".cache";

/** Gives a home of its own to `use`, with the folder that the library goes to and its path there. */
async function withHome(use: (home: string, folder: string, path: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(`${tmpdir()}/streamstore-home-`);
  try {
    await use(home, `${home}/${cache}/streamstore`, `${home}/${cache}/streamstore/${await libraryName()}`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function library(): Promise<PackagedLibrary> {
  return import(`${packedFolder("jsr")}/libraries/${thisPlatform}.js`);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function libraryName(): Promise<string> {
  return `libstreamstore-${(await library()).sha256}.${process.platform === "darwin" ? "dylib" : "so"}`;
}

function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

function assertLoaded({ libraries, ...report }: Report, path: string): void {
  assert.deepEqual(report, { sum });
  if (process.platform === "linux") assert.deepEqual(libraries, [path]);
}

function assertRefused(report: Report, message: RegExp): void {
  assert.equal(report.sum, undefined);
  assert.equal(report.code, "library-not-loaded");
  assert.match(report.message!, message);
}

test("the first start unpacks the library, private and named by its hash; later ones use it", () =>
  withHome(async (home, folder, path) => {
    assertLoaded(await start({ HOME: home }), path);
    assert.deepEqual(readdirSync(folder), [path.slice(folder.length + 1)]);
    const { mode, ino } = lstatSync(path);
    assert.deepEqual([lstatSync(folder).mode & 0o777, mode & 0o777], [0o700, 0o500]);
    assertLoaded(await start({ HOME: home }), path);
    assert.equal(lstatSync(path).ino, ino);
  }));

test("XDG_CACHE_HOME chooses the folder, if it is an absolute path", () =>
  withHome(async (home, folder, path) => {
    const other = `${home}/other cache`;
    assertLoaded(
      await start({ HOME: "/nowhere", XDG_CACHE_HOME: other }),
      path.replace(`${home}/${cache}`, other),
    );
    assert.ok(!existsSync(folder));
    assertLoaded(await start({ HOME: home, XDG_CACHE_HOME: "relative" }), path);
  }));

const hostile: Readonly<Record<string, (path: string, victim: string, bytes: Uint8Array) => void>> = {
  "other bytes": (path) => writeFileSync(path, "no library at all"),
  "one bit changed": (path, _, bytes) => {
    bytes[100_000] ^= 1;
    writeFileSync(path, bytes);
  },
  "nothing": (path) => writeFileSync(path, ""),
  "a file of 1 TB": (path) => {
    writeFileSync(path, "");
    truncateSync(path, 2 ** 40);
  },
  "a symbolic link": (path, victim) => symlinkSync(victim, path),
  "a link to nowhere": (path) => symlinkSync("/no/such/file", path),
  "a hard link": (path, victim) => linkSync(victim, path),
  "a named pipe": (path) => void execFileSync("mkfifo", [path]),
};

for (const [name, put] of Object.entries(hostile)) {
  test(`in the library's place there was ${name}: it is replaced and not followed`, () =>
    withHome(async (home, folder, path) => {
      makePrivate(folder);
      const victim = `${home}/victim`;
      writeFileSync(victim, "mine");
      put(path, victim, gunzipSync(Uint8Array.fromBase64((await library()).gzip)));
      assertLoaded(await start({ HOME: home }), path);
      assert.equal(readFileSync(victim, "utf8"), "mine");
      assert.ok(lstatSync(path).isFile());
      assert.deepEqual(sha256Of(readFileSync(path)), (await library()).sha256);
    }));
}

test("in the library's place there was a directory: an error says where", () =>
  withHome(async (home, folder, path) => {
    makePrivate(folder);
    mkdirSync(path);
    assertRefused(
      await start({ HOME: home }),
      new RegExp(`Cannot unpack the native library to ${path}: .*Set XDG_CACHE_HOME`),
    );
    assert.deepEqual(readdirSync(folder), [path.slice(folder.length + 1)]);
  }));

test("a folder that others can enter, or that is none, is refused", () =>
  withHome(async (home, folder, path) => {
    const cases: [string, (parent: string) => void][] = [
      ["one of user \\d+ with mode 777", () => (mkdirSync(folder), chmodSync(folder, 0o777))],
      ["one of user \\d+ with mode 750", () => (mkdirSync(folder), chmodSync(folder, 0o750))],
      ["a link", (home) => (makePrivate(`${home}/elsewhere`), symlinkSync(`${home}/elsewhere`, folder))],
      ["a file", () => writeFileSync(folder, "")],
    ];
    if (process.getuid!() === 0) {
      cases.push([
        "one of user 4711 with mode 700",
        () => (makePrivate(folder), chownSync(folder, 4711, 4711)),
      ]);
    }
    mkdirSync(`${home}/${cache}`, { recursive: true });
    for (const [state, put] of cases) {
      put(home);
      const message = new RegExp(
        `Cannot use ${folder} .*directory of user \\d+ with mode 700, got ${state}\\. .*remove it`,
      );
      assertRefused(await start({ HOME: home }), message);
      assert.ok(!existsSync(path), state);
      rmSync(folder, { recursive: true });
    }
  }));

test("without a home an error says what to set", async () => {
  assertRefused(
    await start({ HOME: undefined }),
    /HOME is not set\. Set XDG_CACHE_HOME to .*STREAMSTORE_LIBRARY/,
  );
  assertRefused(await start({ HOME: "" }), /HOME is not set\. Set XDG_CACHE_HOME/);
  assertRefused(await start({ HOME: "home" }), /HOME is no absolute path, got home\. Set XDG_CACHE_HOME/);
});

/** Runs in a small file system of the test's own, or says why it does not. */
function testMounted(name: string, use: (home: string, path: string) => Promise<void>): void {
  test(name, async () => {
    const library = await libraryName();
    const reason = await withMount((home) => use(home, `${home}/${cache}/streamstore/${library}`));
    if (reason !== null) console.log(`Not run: ${reason}`);
  });
}

async function withMount(use: (directory: string) => Promise<void>): Promise<string | null> {
  const directory = mkdtempSync(`${tmpdir()}/streamstore-mount-`);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", directory], { stdio: "pipe" });
  } catch (error) {
    rmSync(directory, { recursive: true });
    return String((error as Error).message).split("\n").slice(0, 2).join(" ");
  }
  try {
    await use(directory);
  } finally {
    execFileSync("umount", [directory]);
    rmSync(directory, { recursive: true });
  }
  return null;
}

function remount(directory: string, options: string): void {
  execFileSync("mount", ["-o", `remount,${options}`, directory]);
}

testMounted(
  "a home that cannot be written is enough where the library is unpacked already",
  async (home, path) => {
    remount(home, "ro");
    assertRefused(
      await start({ HOME: home }),
      /Cannot unpack the native library to .*: .*Set XDG_CACHE_HOME/,
    );
    remount(home, "rw");
    assertLoaded(await start({ HOME: home }), path);
    remount(home, "ro");
    assertLoaded(await start({ HOME: home }), path);
  },
);

testMounted("a home from which no program may be loaded: an error says what to set", async (home, path) => {
  remount(home, "noexec");
  assertRefused(
    await start({ HOME: home }),
    new RegExp(`Cannot load the native library ${path}.*Set XDG_CACHE_HOME`),
  );
});

testMounted("a full disk: an error says so, and nothing is left", async (home, path) => {
  remount(home, "size=160k");
  assertRefused(await start({ HOME: home }), /Cannot unpack .*(No space left|ENOSPC).*Set XDG_CACHE_HOME/);
  assert.deepEqual(readdirSync(path.slice(0, path.lastIndexOf("/"))), []);
});

test("twenty processes that start at once all work, and leave one file", () =>
  withHome(async (home, folder, path) => {
    const reports = await Promise.all(Array.from({ length: 20 }, () => start({ HOME: home })));
    for (const { sum: found } of reports) assert.equal(found, sum);
    assert.deepEqual(readdirSync(folder), [path.slice(folder.length + 1)]);
  }));

test("what a process left that died while it wrote is removed a day later", () =>
  withHome(async (home, folder, path) => {
    makePrivate(folder);
    const [old, young] = [1, 2].map(() => join(folder, temporaryName(basename(path))));
    const foreign = `${folder}/notes.txt`;
    for (const file of [old, young, foreign]) writeFileSync(file, "");
    const [yesterday, thisMorning] = [25, 23].map((hours) => Date.now() / 1000 - 3600 * hours);
    for (const file of [old, foreign]) utimesSync(file, yesterday, yesterday);
    utimesSync(young, thisMorning, thisMorning);
    assertLoaded(await start({ HOME: home }), path);
    assert.deepEqual([old, young, foreign].map((file) => existsSync(file)), [false, true, true]);
  }));
