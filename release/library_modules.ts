/**
 * Writes one module for each library that `./run build --all` has built: the library, compressed, and its SHA-256. And
 * one with the hashes of all.
 *
 *     ./run deno run -A release/library_modules.ts [BUILD FOLDER] [MODULES FOLDER]
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type Platform, platforms, suffixOf } from "../src/native/packaged.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const [build = join(root, "build"), modules = join(root, "src/native/libraries")] = process.argv.slice(2);

/** Zig's names for what the runtimes name otherwise. */
const folders: Readonly<Record<Platform, string>> = {
  "linux-x64": "linux-x86_64",
  "linux-arm64": "linux-aarch64",
  "darwin-x64": "macos-x86_64",
  "darwin-arm64": "macos-aarch64",
};

mkdirSync(modules, { recursive: true });
const hashes: string[] = [];
for (const platform of platforms) {
  const bytes = readFileSync(join(build, folders[platform], `libstreamstore.${suffixOf(platform)}`));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const gzip = gzipSync(bytes, { level: 9 }).toString("base64");
  const text = `// Made by ./run build --all: the native library for ${platform}.\n` +
    `export const byteLength = ${bytes.length};\nexport const sha256 = "${sha256}";\nexport const gzip =\n  "${gzip}";\n`;
  writeFileSync(join(modules, `${platform}.ts`), text);
  hashes.push(`  "${platform}": { byteLength: ${bytes.length}, sha256: "${sha256}" },\n`);
}
writeFileSync(
  join(modules, "hashes.ts"),
  `// Made by ./run build --all: the hashes of the native libraries.\nexport const hashes = {\n${
    hashes.join("")
  }};\n`,
);
