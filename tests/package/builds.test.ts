/** The libraries that are published: made from the same sources they have the same bytes, and they are small. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { adapter } from "../../src/native/library.ts";
import { platforms, suffixOf, unpack } from "../../src/native/packaged.ts";
import { packedFolder, root } from "./packed.ts";

function run(
  program: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", ...options });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

const { system } = await adapter();

/** What begins the files of each platform. */
const magic = { linux: "7f454c46", darwin: "cffaedfe" };

test("every library is under 450 KB, is one of its system, and has the hash and size that are published", async () => {
  for (const platform of platforms) {
    const library = await import(`${packedFolder("jsr")}/libraries/${platform}.js`);
    const bytes = await unpack(library, system);
    assert.equal(bytes.length, library.byteLength);
    assert.ok(bytes.length < 450_000, `${platform}: ${bytes.length} bytes`);
    const begin = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
    assert.equal(begin, magic[platform.startsWith("linux") ? "linux" : "darwin"], platform);
    assert.deepEqual(gunzipSync(Uint8Array.fromBase64(library.gzip)).length, bytes.length);
  }
});

test("libraries for Linux need no libc, nor any other library", async () => {
  for (const platform of ["linux-x64", "linux-arm64"] as const) {
    const library = await import(`${packedFolder("jsr")}/libraries/${platform}.js`);
    const bytes = await unpack(library, system);
    assert.ok(!neededTags(bytes).includes(1), platform);
  }
});

/** The tags of an ELF file's dynamic section; 1 names a library that must be loaded too. */
function neededTags(bytes: Uint8Array<ArrayBuffer>): number[] {
  const view = new DataView(bytes.buffer);
  const header = Number(view.getBigUint64(32, true));
  const tags: number[] = [];
  for (let index = 0; index < view.getUint16(56, true); index++) {
    const at = header + index * 56;
    if (view.getUint32(at, true) !== 2) continue;
    const [offset, length] = [
      Number(view.getBigUint64(at + 8, true)),
      Number(view.getBigUint64(at + 32, true)),
    ];
    for (let entry = offset; entry < offset + length; entry += 16) {
      tags.push(Number(view.getBigInt64(entry, true)));
    }
  }
  assert.ok(tags.length > 0);
  return tags;
}

test("two builds in different folders, each from nothing, give the same libraries", async () => {
  const folder = mkdtempSync(join(tmpdir(), "streamstore-build-"));
  try {
    packedFolder();
    const sources = (path: string) => !/\.zig-cache|zig-out/.test(path);
    cpSync(`${root}zig`, join(folder, "elsewhere/zig"), { recursive: true, filter: sources });
    const [, zig] = /\.zig_exe = "(.*)"/.exec(run(`${root}run`, ["zig", "env"]))!;
    // All of our own is built anew. The global cache has what Zig itself brings along, which takes longest.
    const env = {
      ...process.env,
      ZIG_GLOBAL_CACHE_DIR: `${root}.toolchain/zig-cache`,
      ZIG_LOCAL_CACHE_DIR: join(folder, "cache"),
      ZIG_DEBUG_CMD: "1",
    };
    const output = join(folder, "output");
    // One of another system and another processor than most are on.
    const rebuilt = { "darwin-arm64": "macos-aarch64" } as const;
    run(zig, ["build", ...Object.values(rebuilt), "-Doptimize=fast", "--prefix", output], {
      cwd: join(folder, "elsewhere/zig"),
      env,
    });
    for (const [platform, name] of Object.entries(rebuilt)) {
      const { sha256 } = await import(`${packedFolder("jsr")}/libraries/${platform}.js`);
      const path = join(output, name, `libstreamstore.${suffixOf(platform as keyof typeof rebuilt)}`);
      assert.equal(createHash("sha256").update(readFileSync(path)).digest("hex"), sha256, name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
