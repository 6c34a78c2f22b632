/** Thousands of temporary stores, made in a millisecond each: for tests that make one for each of their cases. */
import process from "node:process";
import { after, before } from "node:test";
import { fastDirectory } from "../torture/scratch.ts";

/** Options of such a store: a file system in memory reserves a chunk by filling it. */
export const smallChunks = { capacity: 1000 } as const;

/** Puts the temporary stores of a file of tests into memory. */
export function keepInMemory(): void {
  const usual = process.env.TMPDIR;
  before(() => {
    process.env.TMPDIR = fastDirectory;
  });
  after(() => {
    if (usual === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usual;
  });
}
