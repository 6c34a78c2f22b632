/** Stores that another version of the format wrote. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { fixture } from "../support/dataset.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { observation: 0, done: 3 } as const;

/** Puts another version where the two files say it. */
function patchVersion(path: string, { head, json }: { head?: number; json?: number }): void {
  const file = `${path}/store.json`;
  const text = readFileSync(file, "utf8");
  if (json !== undefined) writeFileSync(file, text.replace('"version": 2', `"version": ${json}`));
  if (head === undefined) return;
  const descriptor = openSync(`${path}/head`, "r+");
  writeSync(descriptor, Uint32Array.of(head), 0, 4, 8);
  closeSync(descriptor);
}

test("open() of a store of another version says which is older, before anything else is looked at", () =>
  withDirectory((directory) => {
    const cases = [
      [{ json: 1 }, "older-version"],
      [{ head: 1 }, "older-version"],
      [{ json: 1, head: 1 }, "older-version"],
      [{ json: 3 }, "newer-version"],
      [{ head: 3 }, "newer-version"],
      [{ json: 0 }, "damaged"],
      [{ head: 0 }, "damaged"],
    ] as const;
    for (const [index, [versions, code]] of cases.entries()) {
      const path = `${directory}/${index}.stream`;
      StreamStore.open(path, { fields }).close();
      patchVersion(path, versions);
      for (const mode of ["append", "read"] as const) {
        assert.throws(
          () => StreamStore.open(path, { mode }),
          (error) => error instanceof StreamStoreError && error.code === code,
          `${index}`,
        );
      }
    }
  }));

test("open() of a store that format 1 was written by says older-version in every mode, and leaves it as it is", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    const { gzippedFiles } = JSON.parse(readFileSync(fixture("format_1.json"), "utf8"));
    const files = Object.entries<string>(gzippedFiles).map(([name, text]) =>
      [`${path}/${name}`, gunzipSync(Buffer.from(text, "base64"))] as const
    );
    mkdirSync(path);
    for (const [file, bytes] of files) writeFileSync(file, bytes);
    const older = { name: "StreamStoreError", code: "older-version" };
    for (const mode of [undefined, "append", "read"] as const) {
      assert.throws(() => StreamStore.open(path, { mode }), older, mode);
      assert.throws(() => StreamStore.open(path, { mode, fields: { action: 0 } }), older, mode);
    }
    assert.throws(() => StreamStore.open(path, { mode: "read", salvage: true }), older);
    assert.throws(
      () => StreamStore.open(path, { mode: "read", salvage: true, fields: { action: 0 } }),
      older,
    );
    assert.throws(() => StreamStore.open(path, { mode: "create", fields }), { code: "already-exists" });
    for (const [file, bytes] of files) assert.ok(bytes.equals(readFileSync(file)), file);
  }));
