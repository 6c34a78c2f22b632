/** The files of a store, and what they take. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export interface FileSize {
  readonly name: string;
  /** As long as it is, and what it takes of the disk: less where it has holes, more where room is reserved. */
  readonly bytes: number;
  readonly diskBytes: number;
}

const blockBytes = 512;

/** A file that is dropped while they are listed is none. */
export function filesOf(directory: string): FileSize[] {
  return readdirSync(directory).toSorted().flatMap((name) => {
    const found = statSync(join(directory, name), { throwIfNoEntry: false });
    if (!found?.isFile()) return [];
    return [{ name, bytes: found.size, diskBytes: blockBytes * (found.blocks ?? 0) }];
  });
}
