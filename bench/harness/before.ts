/** The tree of an older commit, beside which this one is measured: below build/, with its own native library. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What is taken from here where the files that pin it are the same; else the tree's own `run` installs it there. */
const shared = {
  ".toolchain/node_modules": "toolchain/package-lock.json",
  ".toolchain/zig": "toolchain/zig.txt",
  "node_modules": "package-lock.json",
};

/** Makes the tree of a commit where it is not there yet, and builds its native library. Returns its path. */
export function treeBefore(commit: string): string {
  const hash = new TextDecoder().decode(git("rev-parse", "--verify", `${commit}^{commit}`)).trim();
  const tree = join(root, "build", "before", hash);
  if (!existsSync(tree)) {
    // Unpacked beside its place: what was interrupted is done again.
    const staging = `${tree}.${process.pid}`;
    unpack(hash, staging);
    renameSync(staging, tree);
  }
  prepare(tree);
  // Whichever script: before one runs, packages and library are seen to.
  execFileSync(join(tree, "run"), ["bun", "-e", "0"], { stdio: ["ignore", "ignore", "inherit"] });
  return tree;
}

/** Files of a commit into a folder that is made. */
export function unpack(commit: string, tree: string): void {
  mkdirSync(join(tree, ".toolchain"), { recursive: true });
  execFileSync("tar", ["-x", "-C", tree], { input: git("archive", commit) });
}

/** Gives a tree what it can have from here: tools, packages, and bench/, so that both run the same cases. */
export function prepare(tree: string): void {
  for (const [folder, pins] of Object.entries(shared)) share(tree, folder, pins);
  rmSync(join(tree, "bench"), { recursive: true });
  cpSync(join(root, "bench"), join(tree, "bench"), { recursive: true });
}

/** The bytes that git prints. */
function git(...args: string[]): Uint8Array {
  return execFileSync("git", ["-C", root, ...args], { maxBuffer: 2 ** 30 });
}

/** Anew each time: pins that have changed since would have `run` clear away what is here. */
function share(tree: string, folder: string, pins: string): void {
  const [from, to] = [join(root, folder), join(tree, folder)];
  if (lstatSync(to, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(to);
  const isSame = readFileSync(join(root, pins), "utf8") === readFileSync(join(tree, pins), "utf8");
  if (isSame && existsSync(from) && !existsSync(to)) symlinkSync(from, to);
}
