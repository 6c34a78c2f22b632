/**
 * What is written is written beside its place, made durable, and then moved there: whoever looks sees what was there
 * before, or all that is new. Names that begin with a dot are passed over by all who read datasets.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { copyFile, link, mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { syncPath } from "../../store/durable_file.ts";

/** What a killed save has left is nobody's after a day. */
const staleMs = 24 * 3600 * 1000;

/** Puts a file in its place once `write` has written all of it. */
export async function replaceFile<Result>(
  path: string,
  write: (temporary: string) => Promise<Result>,
): Promise<Result> {
  return await inFolder(dirname(path), async () => {
    const temporary = await stagedPath(path);
    try {
      const result = await write(temporary);
      syncPath(temporary);
      await rename(temporary, path);
      syncPath(dirname(path));
      return result;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/**
 * Puts a folder in its place once `write` has filled it. A folder cannot replace another in one step: what was there
 * stands beside as `.NAME.old` between two renames, from where `recoverFolder` fetches it back after a crash.
 */
export async function replaceFolder<Result>(
  path: string,
  write: (temporary: string) => Promise<Result>,
): Promise<Result> {
  await recoverFolder(path);
  return await inFolder(dirname(path), async () => {
    const temporary = await stagedPath(path);
    try {
      await mkdir(temporary, { recursive: true });
      const result = await write(temporary);
      for (const entry of await readdir(temporary, { recursive: true })) syncPath(join(temporary, entry));
      syncPath(temporary);
      const old = oldPath(path);
      await rm(old, { recursive: true, force: true });
      if (existsSync(path)) await rename(path, old);
      await rename(temporary, path);
      syncPath(dirname(path));
      await rm(old, { recursive: true, force: true });
      return result;
    } catch (error) {
      await recoverFolder(path);
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
  });
}

/** Makes a folder and those above it for `use`. Those that were not there before go again if it fails. */
async function inFolder<Result>(folder: string, use: () => Promise<Result>): Promise<Result> {
  let missing = resolve(folder);
  const made: string[] = [];
  for (; !existsSync(missing); missing = dirname(missing)) made.push(missing);
  try {
    await mkdir(folder, { recursive: true });
    return await use();
  } catch (error) {
    // The innermost first. One that somebody else has put something into meanwhile stays, and those above it.
    for (const path of made) await rmdir(path).catch(() => {});
    throw error;
  }
}

/** Moves a folder back that a crash has left beside its place. */
export async function recoverFolder(path: string): Promise<void> {
  const old = oldPath(path);
  if (!existsSync(path) && existsSync(old)) await rename(old, path);
}

/** Takes a file over into a folder that is being made: as a link, where the file system has them. */
export async function carryOver(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => copyFile(from, to));
}

function oldPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.old`);
}

async function stagedPath(path: string): Promise<string> {
  const folder = dirname(path);
  const prefix = `.${basename(path)}.new-`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix)) continue;
    const left = join(folder, name);
    const age = Date.now() - (statSync(left, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > staleMs) await rm(left, { recursive: true, force: true });
  }
  return join(folder, prefix + randomUUID().slice(0, 8));
}
