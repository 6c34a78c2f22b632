/** Text and bytes beside the steps of a store in a directory: opened again, killed, read by others, damaged and full. */
import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { appendStep, compareExtras, extra, type ExtrasStore, fields, valuesAt } from "../support/extras.ts";
import { Child } from "../torture/child.ts";
import { withDirectory } from "../torture/scratch.ts";

const open = (path: string): ExtrasStore => StreamStore.open(path, { fields, extra });
const openToRead = (path: string): ExtrasStore => StreamStore.open(path, { mode: "read" }) as never;

/** A closed store with so many steps. */
function makeStore(path: string, steps: number): void {
  using store = open(path);
  for (let step = 0; step < steps; step++) appendStep(store, step);
}

/** Changes one byte of a file, which is `place` of the way in. */
function flip(path: string, place: number): void {
  const content = readFileSync(path);
  content[Math.floor(place * (content.length - 1))] ^= 1;
  writeFileSync(path, content);
}

test("open() goes on with extras where they were left, also in the midst of a step", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    for (let round = 0; round < 6; round++) {
      using store = open(path);
      const from = store.rowCount;
      for (let step = from; step < from + 100; step++) appendStep(store, step);
      compareExtras(store, 0, store.rowCount);
      store.append(from + 100, { action: 1 });
      store.close();
      using again = open(path);
      again.append(from + 100, {}, { prompt: valuesAt(from + 100).prompt });
      again.close();
      using third = open(path);
      const { frame, note } = valuesAt(from + 100);
      third.append(from + 100, {}, { frame, note });
      if (frame !== null) {
        assert.throws(() => third.append(from + 100, {}, { frame }), { name: "RangeError" });
      }
    }
    using store = StreamStore.open(path) as ExtrasStore;
    assert.equal(store.rowCount, 606);
    compareExtras(store, 0, 606);
    assert.deepEqual((await store.verify()).damaged, []);
    assert.deepEqual(statSync(`${path}/extra.0.ends`).size % 16, 0);
  }));

test("open() finds the extras that its store was made with, and refuses others", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    makeStore(path, 3);
    const { note: _note, ...fewer } = extra;
    for (const given of [{}, fewer, { ...extra, prompt: "bytes" }, { ...extra, more: "string" }] as const) {
      assert.throws(() => StreamStore.open(path, { extra: given as never }), {
        code: "fields-differ",
        message: /extra must be { frame: bytes, note: string, prompt: string }, got {/,
      });
    }
    const { prompt, ...others } = extra;
    assert.throws(() => StreamStore.open(path, { retain: { rows: 10 } }), {
      name: "RangeError",
      message: /retain must be left out/,
    });
    using store = StreamStore.open(path, { fields, extra: { ...others, prompt } });
    compareExtras(store as never, 0, 3);
    assert.throws(() => store.extra("other" as never), {
      name: "TypeError",
      message: 'Cannot read an extra: its name must be among prompt, frame, note, got "other"',
    });
    assert.throws(() => new StreamStore(fields, { extra: { a: "json" as never } }), {
      name: "RangeError",
      message: 'Cannot create a store: extra.a must be string or bytes, got "json"',
    });
    assert.throws(() => new StreamStore(fields, { extra: ["a"] as never }), { name: "TypeError" });
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`e${i}`, "string" as const]));
    assert.throws(() => new StreamStore(fields, { extra: many }), { message: /at most 64 names, got 65/ });
    using most = new StreamStore(["a"], { extra: Object.fromEntries(Object.entries(many).slice(1)) });
    most.append(0, { a: 1 }, { e1: "first", e64: "last" });
    assert.deepEqual([most.extra("e1").get(0), most.extra("e2").get(0), most.extra("e64").get(0)], [
      "first",
      null,
      "last",
    ]);
  }));

test("open() finds all that a killed writer had appended, each step with all of its extras", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    let recovered = 0;
    for (let round = 0; round < 6; round++) {
      const child = new Child("../support/children/extras_writer.ts", {
        path,
        commitEvery: round % 2 === 0 ? 7 : 5000,
      });
      await child.waitForLines(20 + 61 * round);
      assert.equal(await child.kill(), "SIGKILL", child.errors);
      const acknowledged = Number(child.line);
      using store = open(path);
      recovered += store.recovery.recoveredRows;
      const { rowCount } = store;
      assert.ok(rowCount >= acknowledged && rowCount <= acknowledged + 1, `${rowCount} of ${acknowledged}`);
      const isPart = rowCount > acknowledged && (rowCount - 1) % 10 === 4;
      compareExtras(store, 0, rowCount - (isPart ? 1 : 0));
      if (isPart && store.extra("prompt").get(rowCount - 1) === null) {
        assert.equal(store.extra("frame").get(rowCount - 1), null);
        store.append(rowCount - 1, {}, valuesAt(rowCount - 1));
      }
      assert.deepEqual((await store.verify()).damaged, []);
    }
    assert.ok(recovered > 20, `${recovered} rows`);
  }));

test("refresh() shows a reader the extras that were committed, and no others", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    using writer = open(path);
    using reader = openToRead(path);
    for (let step = 0; step < 400; step++) {
      appendStep(writer, step);
      if (step % 37 !== 36) continue;
      const { rowCount } = reader;
      writer.flush();
      assert.equal(reader.extra("prompt").length, rowCount);
      compareExtras(reader, 0, rowCount);
      assert.throws(() => reader.extra("prompt").get(rowCount), { name: "RangeError" });
      assert.equal(reader.refresh(), true);
      compareExtras(reader, 0, step + 1);
    }
    writer.append(400, { action: 1 });
    writer.flush();
    reader.refresh();
    assert.equal(reader.extra("note").get(400), null);
    writer.append(400, {}, { note: "later" });
    writer.flush();
    assert.equal(reader.refresh(), true);
    assert.equal(reader.extra("note").get(400), "later");
    assert.throws(() => reader.append(401, {}, { note: "a" }), { code: "read-only" });
  }));

test("verify() and salvage tell damaged extras, and what is whole before them", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    makeStore(path, 400);
    const files = readdirSync(path).filter((name) => /^extra\.\d\.(bytes|ends)$/.test(name));
    assert.equal(files.length, 6);
    for (const file of files) {
      for (const place of [0, 0.4, 1]) {
        const copy = `${directory}/copy-${file}-${place}`;
        cpSync(path, copy, { recursive: true });
        flip(`${copy}/${file}`, place);
        {
          using store = openToRead(copy);
          const { damaged } = await store.verify();
          assert.deepEqual(damaged.map((chunk) => chunk.file), [file]);
        }
        using salvaged: ExtrasStore = StreamStore.open(copy, { salvage: true }) as never;
        assert.ok(salvaged.rowCount < 400, `${file} ${place}: ${salvaged.rowCount}`);
        compareExtras(salvaged, 0, salvaged.rowCount);
        // Four chunks of frames are before the last byte.
        if (file === "extra.1.bytes" && place === 1) {
          assert.ok(salvaged.rowCount > 200, `${salvaged.rowCount}`);
        }
      }
      const short = `${directory}/short-${file}`;
      cpSync(path, short, { recursive: true });
      truncateSync(`${short}/${file}`, statSync(`${short}/${file}`).size - 1);
      assert.throws(() => openToRead(short), { code: "damaged" });
      using salvaged: ExtrasStore = StreamStore.open(short, { salvage: true }) as never;
      compareExtras(salvaged, 0, salvaged.rowCount);
    }
    const manifest = JSON.parse(readFileSync(`${path}/store.json`, "utf8"));
    manifest.extras[0].name = "other";
    writeFileSync(`${path}/store.json`, JSON.stringify(manifest));
    assert.throws(() => openToRead(path), { code: "damaged", message: /checksum/ });
  }));

test("Extra reads only while its store is open, and its arrays stay readable", () => {
  const store: ExtrasStore = new StreamStore(fields, { extra });
  for (let step = 0; step < 200; step++) appendStep(store, step);
  const frames = store.extra("frame");
  assert.equal(store.extra("frame"), frames);
  assert.deepEqual([frames.name, frames.kind, frames.length], ["frame", "bytes", 200]);
  const held = frames.bytes(96)!;
  assert.equal(held.length, 1_100_000);
  held[0]++;
  store.append(200, {}, { frame: Uint8Array.of(1) });
  assert.deepEqual(frames.get(200), Uint8Array.of(1));
  for (const row of [-1, 201, 0.5, NaN, "0" as never]) {
    assert.throws(() => frames.get(row), {
      name: "RangeError",
      message: /rows must lie within 0 to 201, got/,
    });
    assert.throws(() => frames.bytes(row), { name: "RangeError" });
  }
  assert.throws(() => frames.slice(3, 2), { name: "RangeError", message: /got 3 to 2/ });
  assert.deepEqual(frames.slice(7, 7), []);
  store.close();
  assert.ok([undefined, 96].includes(held[1]));
  for (
    const read of [
      () => frames.get(0),
      () => frames.bytes(0),
      () => frames.slice(0, 1),
      () => store.extra("note"),
    ]
  ) {
    assert.throws(read, { code: "closed" });
  }
});

test("rows() have their extras, where no field has that name", () => {
  using store = new StreamStore({ a: 0, extra: 1 }, { extra: { a: "string" } });
  store.append(0, { a: 1, extra: 2 }, { a: "text" });
  assert.deepEqual(store.row(0), { step: 0, a: 1, extra: 2 });
  assert.equal(store.extra("a").get(0), "text");
  store.appendColumns({ step: [1], extra: [3] }, { extra: { a: ["more"] } });
  assert.deepEqual(store.rows(1), [{ step: 1, extra: 3 }]);
  assert.deepEqual(store.extra("a").slice(), ["text", "more"]);
});

test("slice() gives what was appended, of short and long values, of any number of rows", () => {
  using store: ExtrasStore = new StreamStore(fields, { extra });
  const lengthOf = (row: number) => row < 300 ? row % 7 : row < 400 ? [0, 9000, 20_000, 3][row % 4] : 400;
  const noteOf = (row: number) => row % 5 === 0 ? null : "ä".repeat(lengthOf(row));
  const frameOf = (row: number) =>
    row > 100 && row < 250 ? null : new Uint8Array(lengthOf(row)).fill(row % 251);
  for (let row = 0; row < 700; row++) {
    store.append(row, { action: row }, { note: noteOf(row), frame: frameOf(row) });
  }
  for (const [from, to] of [[0, 700], [0, 0], [1, 2], [5, 69], [6, 71], [290, 420], [90, 260], [699, 700]]) {
    const rows = Array.from({ length: to - from }, (_, i) => from + i);
    assert.deepEqual(store.extra("note").slice(from, to), rows.map(noteOf), `${from} to ${to}`);
    const frames = store.extra("frame").slice(from, to);
    assert.equal(frames.length, rows.length);
    for (const [i, row] of rows.entries()) {
      const wanted = frameOf(row);
      assert.equal(frames[i]?.length, wanted?.length, `${row}`);
      assert.ok(wanted === null || Buffer.compare(frames[i]!, wanted) === 0, `${row}`);
    }
  }
  const [first, second] = store.extra("frame").slice(8, 10);
  first!.fill(7);
  assert.deepEqual([second, store.extra("frame").get(8)], [frameOf(9), frameOf(8)]);
});
