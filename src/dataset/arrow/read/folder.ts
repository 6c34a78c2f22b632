import { damaged } from "../../decode.ts";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { listChecksum, listChecksumKey } from "../checksum.ts";

/**
 * The checksum that a file must have by the `state.json` beside it, or null where none lists it: where there is no such
 * list, or it is one of Python's. Nothing is looked for beside a file that is not named like one of a folder.
 */
export async function listedChecksum(path: string): Promise<string | null> {
  const name = basename(path);
  if (!folderFile.test(name)) return null;
  const statePath = join(dirname(path), "state.json");
  const state = await readState(statePath);
  const expected = state?.[listChecksumKey];
  if (expected === undefined) return null;
  const files = state!._data_files;
  const found = listChecksum(files);
  if (found !== expected) {
    throw damaged(
      `Cannot read ${statePath}: its list of files must have the checksum ${expected}, got ${found}`,
    );
  }
  const listed = Array.isArray(files) ? files.find((file) => file?.filename === name) : undefined;
  return typeof listed?.crc32 === "string" ? listed.crc32 : null;
}

const folderFile = /^data-\d+-of-\d+\.arrow$/;

async function readState(path: string): Promise<Record<string, unknown> | null> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}
