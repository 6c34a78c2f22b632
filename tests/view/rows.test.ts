/** `/api/rows`, beside values that are written down here. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import type { RowsAnswer } from "../../src/view/protocol.ts";
import { rowsRoute } from "../../src/view/routes/rows.ts";
import { ask, askJson, assertRefused, question } from "../support/view/ask.ts";
import { withDirectory } from "../torture/scratch.ts";

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0);

function makeStore() {
  const store = new StreamStore(
    { real: "float64", wide: "int64", list: "float32", done: "bool" },
    { extra: { text: "string", frame: "bytes" } },
  );
  const [real, done] = [1.5, true];
  store.append(5, { real, wide: 7n, list: [1, 2], done }, { text: "<b>Grüße</b>", frame: png });
  store.append(2n ** 60n, { real: NaN, wide: 2n ** 63n - 1n, list: [Infinity, -0, NaN], done: false });
  store.append(2n ** 60n + 1n, { real: -Infinity, list: [] }, { text: "", frame: Uint8Array.of(1) });
  store.append(2n ** 60n + 2n, { real: -0 }, { text: "é".repeat(3000), frame: new Uint8Array(0) });
  return store;
}

/** By column and row. */
const expected: Record<string, unknown[]> = {
  real: [1.5, "NaN", "-Infinity", "-0"],
  wide: [7, "9223372036854775807", null, null],
  list: [[1, 2], ["Infinity", "-0", "NaN"], [], null],
  done: [true, false, null, null],
  text: ["<b>Grüße</b>", null, "", { text: "é".repeat(1000), byteLength: 6000 }],
  frame: [
    { byteLength: 9, image: true },
    null,
    { byteLength: 1, image: false },
    { byteLength: 0, image: false },
  ],
};
const steps = [5, "1152921504606846976", "1152921504606846977", "1152921504606846978"];

test("rowsRoute gives every kind of value exactly, as JSON holds it", async () => {
  using store = makeStore();
  const answer = await askJson<RowsAnswer>(rowsRoute, [store], "store=0&from=0&to=4");
  assert.equal(answer.from, 0);
  assert.deepEqual(answer.columns.map(({ name, kind }) => `${name} ${kind}`), [
    "real field",
    "wide field",
    "list field",
    "done field",
    "text string",
    "frame bytes",
  ]);
  const rows = steps.map((step, row) => ({
    row,
    step,
    values: Object.values(expected).map((of) => of[row]),
  }));
  assert.deepEqual(answer.rows, rows);
});

test("rowsRoute gives the columns that are asked for, in that order, and cuts lists at entries", async () => {
  using store = makeStore();
  const query = "store=0&from=1&to=3&columns=frame&columns=list&columns=real&entries=2";
  const answer = await askJson<RowsAnswer>(rowsRoute, [store], query);
  assert.deepEqual(answer.rows.map(({ row, values }) => [row, values]), [
    [1, [null, { length: 3, entries: ["Infinity", "-0"] }, "NaN"]],
    [2, [{ byteLength: 1, image: false }, [], "-Infinity"]],
  ]);
});

test("rowsRoute leaves out rows that are not there, and names the others as the store does", () =>
  withDirectory(async (directory) => {
    using store = StreamStore.open(join(directory, "run.stream"), {
      fields: { value: "uint8" },
      retain: { rows: 200_000 },
      capacity: 65_536,
    });
    for (let step = 0; step < 400_000; step++) store.append(step, { value: step % 256 });
    store.flush();
    const { firstRow } = store;
    assert.ok(firstRow > 0, "nothing was dropped");
    const head = await askJson<RowsAnswer>(
      rowsRoute,
      [store],
      `store=0&from=${firstRow - 5}&to=${firstRow + 2}`,
    );
    assert.deepEqual([head.from, head.rows.map(({ row, step, values }) => [row, step, values[0]])], [
      firstRow,
      [0, 1].map((i) => [firstRow + i, firstRow + i, (firstRow + i) % 256]),
    ]);
    const tail = await askJson<RowsAnswer>(rowsRoute, [store], "store=0&from=399999&to=400999");
    assert.deepEqual(tail.rows.map(({ row }) => row), [399_999]);
    const none = await askJson<RowsAnswer>(rowsRoute, [store], "store=0&from=500000&to=500010");
    assert.deepEqual(none.rows, []);
  }));

test("rowsRoute says of each damaged row why it cannot be read, and gives the others", () =>
  withDirectory(async (directory) => {
    const path = join(directory, "run.stream");
    {
      using store = StreamStore.open(path, { fields: { done: "bool", count: "uint8" } });
      for (let step = 0; step < 100; step++) store.append(step, { done: step % 2 === 1, count: step });
    }
    const file = join(path, readdirSync(path).find((name) => name.startsWith("data."))!);
    const bytes = readFileSync(file);
    for (const row of [17, 60]) bytes[2 * row] = 7;
    writeFileSync(file, bytes);
    using store = StreamStore.open(path, { mode: "read" });
    const { rows } = await askJson<RowsAnswer>(rowsRoute, [store], "store=0&from=10&to=70");
    assert.deepEqual(rows.map(({ row }) => row), Array.from({ length: 60 }, (_, i) => 10 + i));
    for (const { row, step, values, error } of rows) {
      if (row !== 17 && row !== 60) {
        assert.deepEqual([step, values, error], [row, [row % 2 === 1, row], undefined]);
      } else assert.match(error!, new RegExp(`"done" at row ${row} must be .*, got 7`));
    }
  }));

test("rowsRoute refuses what it does not know, and more than it gives", async () => {
  using store = makeStore();
  const cases: [string, string | RegExp][] = [
    ["from=0&to=1", "Cannot show rows: store must be given, got nothing"],
    ["store=1&from=0&to=1", 'Cannot show rows: store must be a whole number from 0 to 0, got "1"'],
    ["store=0&to=1", "Cannot show rows: from must be given, got nothing"],
    ["store=0&from=-1&to=1", /from must be a whole number from 0 to .*, got "-1"/],
    ["store=0&from=0x1&to=1", /from must be a whole number/],
    ["store=0&from=0&to=1e2", /to must be a whole number/],
    ["store=0&from=9007199254740993&to=1", /from must be a whole number/],
    ["store=0&from=5&to=4", "Cannot show rows: to must be from 5 to 1005, got 4"],
    ["store=0&from=0&to=1001", "Cannot show rows: to must be from 0 to 1000, got 1001"],
    ["store=0&from=0&to=1&columns=nothing", /a column must be one of real, wide, .*frame, got "nothing"/],
    ["store=0&from=0&to=1&entries=0", /entries must be a whole number from 1 to 10000, got "0"/],
    ["store=0&from=0&to=1&from=2", "Cannot show rows: from must be given once, got 2"],
    ["store=0&from=0&to=1&path=/etc/passwd", /a name must be one of store, from, to, .*, got "path"/],
    [
      `store=0&from=0&to=1&${"columns=real&".repeat(1001)}`,
      /columns must be given at most 1000 times, got 1001/,
    ],
  ];
  for (const [query, message] of cases) await assertRefused(rowsRoute, [store], query, message);
});

test("rowsRoute ends when the page has gone away, between two blocks", async () => {
  using store = new StreamStore({ list: "float32" });
  for (let step = 0; step < 10; step++) store.append(step, { list: new Float32Array(600_000) });
  const gone = new AbortController();
  const answer = rowsRoute.answer(question([store], "store=0&from=0&to=10&entries=1", gone.signal));
  gone.abort(new Error("gone"));
  await assert.rejects(async () => await answer, /gone/);
  const whole = await ask(rowsRoute, [store], "store=0&from=0&to=10&entries=1");
  assert.equal(JSON.parse(whole.body as string).rows.length, 10);
});
