/** A store knows its head by an ID: another store's is an error, and never an empty or a shorter store. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { action: 1, observation: 0 };

function make(path: string, rowCount: number): void {
  using store = StreamStore.open(path, { fields, capacity: 100 });
  for (let step = 0; step < rowCount; step++) store.append(step, { action: step, observation: [step, 1, 2] });
}

function expectRows(path: string, rowCount: number): void {
  using store = StreamStore.open(path);
  assert.equal(store.rowCount, rowCount);
  for (let row = 0; row < rowCount; row++) assert.equal(store.row(row).action, row);
}

const foreign = {
  code: "damaged",
  message: /^Cannot open the store \S+: its head belongs to another store than its store\.json$/,
};

test("open() refuses the head of another store with the same fields in every mode, which costs nothing", () =>
  withDirectory((directory) => {
    const sizes: Record<string, number> = { full: 500, short: 20, empty: 0 };
    for (const [name, rowCount] of Object.entries(sizes)) make(join(directory, name), rowCount);
    for (const name of Object.keys(sizes)) {
      for (const other of Object.keys(sizes)) {
        if (other === name) continue;
        const path = join(directory, `${name} with the head of ${other}`.replaceAll(" ", "-"));
        cpSync(join(directory, name), path, { recursive: true });
        cpSync(join(directory, other, "head"), join(path, "head"));
        for (const mode of ["append", "read", undefined] as const) {
          assert.throws(() => StreamStore.open(path, { mode }), foreign, `${path} ${mode}`);
          assert.throws(() => StreamStore.open(path, { fields, mode }), foreign, `${path} ${mode}`);
        }
        assert.throws(() => StreamStore.open(path, { salvage: true }), foreign, path);
        cpSync(join(directory, name, "head"), join(path, "head"));
        expectRows(path, sizes[name]);
      }
    }
  }));

test("open() takes a copy of a whole store, with the same ID", () =>
  withDirectory((directory) => {
    const [path, copy] = [join(directory, "run.stream"), join(directory, "copy.stream")];
    make(path, 100);
    cpSync(path, copy, { recursive: true });
    expectRows(copy, 100);
    assert.equal(idOf(copy), idOf(path));
    // Noting what was learnt of the fields keeps it.
    {
      using store = StreamStore.open(join(directory, "new.stream"), { fields });
      const id = idOf(join(directory, "new.stream"));
      store.append(0, { observation: [1, 2] });
      assert.equal(idOf(join(directory, "new.stream")), id);
      assert.notEqual(id, idOf(path));
    }
    expectRows(path, 100);
  }));

function idOf(path: string): string {
  const { id } = JSON.parse(readFileSync(join(path, "store.json"), "utf8"));
  assert.match(id, /^[0-9a-f]{32}$/);
  return id;
}

test("open() calls store.json with another ID, or none, damaged; salvage takes the fields given", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    make(path, 100);
    const manifest = JSON.parse(readFileSync(join(path, "store.json"), "utf8"));
    for (const id of ["0".repeat(32), "", 5, undefined]) {
      writeFileSync(join(path, "store.json"), JSON.stringify({ ...manifest, id }));
      assert.throws(() => StreamStore.open(path), { code: "damaged" }, String(id));
      using store = StreamStore.open(path, { salvage: true, fields });
      assert.equal(store.rowCount, 100);
    }
    rmSync(join(path, "store.json"));
    using store = StreamStore.open(path, { salvage: true, fields });
    assert.equal(store.rowCount, 100);
  }));

test("open() refuses fields that have other cells than the store, also where store.json says so under a right checksum", () =>
  withDirectory((directory) => {
    const path = join(directory, "run.stream");
    make(path, 100);
    const manifest = JSON.parse(readFileSync(join(path, "store.json"), "utf8"));
    const narrow = manifest.fields.map((field: object) => ({ ...field, dtype: "float32" }));
    const checksum = createHash("sha256").update(JSON.stringify([manifest.id, narrow])).digest("hex").slice(
      0,
      16,
    );
    writeFileSync(join(path, "store.json"), JSON.stringify({ ...manifest, fields: narrow, checksum }));
    for (const mode of ["append", "read"] as const) {
      assert.throws(() => StreamStore.open(path, { mode }), { code: "damaged" }, mode);
    }
    assert.throws(() => StreamStore.open(path, { salvage: true }), { code: "damaged" });
    rmSync(join(path, "store.json"));
    assert.throws(
      () => StreamStore.open(path, { salvage: true, fields: { action: "float32", observation: "uint8" } }),
      {
        code: "fields-differ",
        message:
          `Cannot open the store ${path}: fields must have cells of float64, got { action: 0 float32, observation: 1 uint8 }, which have cells of float32`,
      },
    );
    writeFileSync(join(path, "store.json"), JSON.stringify(manifest));
    expectRows(path, 100);
  }));
