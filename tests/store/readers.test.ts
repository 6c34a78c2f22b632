/** Readers, in other processes and in workers, see whole rows in order, whatever becomes of the writer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { Child } from "../torture/child.ts";
import { columnsOf, compareRows, type Content, contentOf, fields } from "../torture/content.ts";
import { ReaderFigures, readWhileKilled, refreshWhileCommitting } from "../torture/readers.ts";
import { withDirectory } from "../torture/scratch.ts";

test("refresh() shows no row torn or out of order, in processes and Workers, while writers are killed", () =>
  withDirectory(async (directory) => {
    const figures = new ReaderFigures();
    await readWhileKilled(`${directory}/run.stream`, { seed: 5, ms: 3000, readers: 4 }, figures);
    assert.equal(figures.readers, 4);
    assert.ok(figures.kills > 0 && figures.stepsAcknowledged > 0);
    assert.ok(figures.rowsRead > figures.stepsAcknowledged / 2, `${figures.rowsRead} rows read`);
  }));

test("refresh() never takes a commit that is half written for one, nor for damage", () =>
  withDirectory(async (directory) => {
    const looks = await refreshWhileCommitting(`${directory}/run.stream`, 2000);
    assert.ok(looks > 10_000, `${looks} looks`);
  }));

test("refresh() shows what was committed, and leaves windows as they are", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    using writer: Content = StreamStore.open(path, { fields, capacity: 100, commitEvery: false });
    using reader: Content = StreamStore.open(path, { mode: "read" });
    for (let step = 0; step < 2000; step++) {
      const before = reader.rowCount;
      writer.append(step, contentOf(step));
      assert.equal(reader.refresh(), false);
      if (step % 7 > 0) continue;
      writer.flush();
      assert.equal(reader.rowCount, before);
      const last = reader.length > 0 ? reader.window(reader.length - 1, 1) : null;
      const value = last?.values[0];
      assert.equal(reader.refresh(), true);
      assert.equal(reader.refresh(), false);
      assert.equal(reader.rowCount, step + 1);
      compareRows(reader, before, step + 1);
      assert.equal(last?.values[0], value);
    }
    compareRows(reader, 0, reader.rowCount);
  }));

test("refresh() follows a store through closing, opening and recovery", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields, capacity: 50 }).close();
    using reader: Content = StreamStore.open(path, { mode: "read" });
    for (let round = 0; round < 10; round++) {
      using writer: Content = StreamStore.open(path, { fields });
      writer.append(round, contentOf(round));
    }
    assert.equal(reader.refresh(), true);
    compareRows(reader, 0, 10);
    {
      using writer: Content = StreamStore.open(path, { fields });
      writer.appendColumns(columnsOf(32, 64));
    }
    assert.equal(reader.refresh(), true);
    assert.deepEqual((await reader.verify()).damaged, []);
    assert.equal(reader.row(41).sum, contentOf(63).sum);
  }));

test("waitForRows() waits for a writer in another process, who need not live on", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields }).close();
    using reader: Content = StreamStore.open(path, { mode: "read" });
    const child = new Child("kill_writer.ts", { path, seed: 1, capacity: 1000, commitEvery: { steps: 10 } });
    await reader.waitForRows(500, { signal: AbortSignal.timeout(20_000) });
    await child.kill();
    assert.ok(reader.rowCount >= 500);
    compareRows(reader, 0, reader.rowCount);
    reader.refresh();
    await reader.waitForRows(reader.rowCount);
  }));

test("waitForRows() ends with its signal, and with the store", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields }).close();
    const reader: Content = StreamStore.open(path, { mode: "read" });
    const reason = new Error("enough");
    await assert.rejects(reader.waitForRows(1, { signal: AbortSignal.abort(reason) }), reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 20);
    await assert.rejects(reader.waitForRows(1, { signal: controller.signal }), reason);
    for (const count of [-1, 1.5, NaN]) await assert.rejects(reader.waitForRows(count), RangeError);
    setTimeout(() => reader.close(), 20);
    await assert.rejects(reader.waitForRows(1), { code: "closed" });
  }));

test("refresh() costs little when nothing has changed", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    StreamStore.open(path, { fields }).close();
    using reader: Content = StreamStore.open(path, { mode: "read" });
    let bestUs = Infinity;
    for (let round = 0; round < 20; round++) {
      const started = performance.now();
      for (let i = 0; i < 1000; i++) reader.refresh();
      bestUs = Math.min(bestUs, performance.now() - started);
    }
    assert.ok(bestUs < 20, `${bestUs} µs a call`);
  }));
