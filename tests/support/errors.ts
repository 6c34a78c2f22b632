import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorCode, type StreamStore, StreamStoreError } from "../../mod.ts";
import { fixture } from "./dataset.ts";
import { Random } from "./support.ts";

/** Whether an error of a dataset has a code, and says what it is to say. */
export function has(code: ErrorCode, what: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof StreamStoreError, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^Cannot (read|load|save|write) /);
    assert.match(error.message, what);
    return true;
  };
}

/** Loads each file of the fixtures so many times with another bit flipped: how often it is refused, and nothing loaded. */
export async function countRefused(
  store: Pick<StreamStore, "loadDataset" | "rowCount">,
  folder: string,
  names: readonly string[],
  times: number,
): Promise<number> {
  const random = new Random(1);
  let refused = 0;
  for (const name of names) {
    const whole = readFileSync(fixture(name));
    for (let i = 0; i < times; i++) {
      const bytes = Uint8Array.from(whole);
      bytes[random.below(bytes.length)] ^= 1 << random.below(8);
      const path = join(folder, name);
      writeFileSync(path, bytes);
      const before = store.rowCount;
      try {
        await store.loadDataset(path);
      } catch (error) {
        assert.match((error as Error).message, /^Cannot (read|load) /);
        assert.equal(store.rowCount, before);
        refused++;
      }
    }
  }
  return refused;
}
