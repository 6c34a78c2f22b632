/** `/api/find` and `/api/extra`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import type { FoundRow } from "../../src/view/protocol.ts";
import { extraRoute } from "../../src/view/routes/extra.ts";
import { findRoute } from "../../src/view/routes/find.ts";
import { ask, askJson, assertRefused } from "../support/view/ask.ts";

const find = async (store: StreamStore, query: string) =>
  (await askJson<FoundRow>(findRoute, [store], `store=0&${query}`)).row;

test("findRoute finds a row, and the row of a step or of the first later one", async () => {
  using store = new StreamStore({ value: 0 }) as unknown as StreamStore;
  const steps = [-5n, 0n, 10n, 2n ** 62n];
  for (const step of steps) store.append(step, { value: 1 });
  const cases: [string, number | null][] = [
    ["step=-9", 0],
    ["step=-5", 0],
    ["step=-4", 1],
    ["step=10", 2],
    ["step=11", 3],
    ["step=4611686018427387904", 3],
    ["step=4611686018427387905", null],
    ["row=3", 3],
    ["row=4", null],
  ];
  for (const [query, row] of cases) assert.equal(await find(store, query), row, query);
});

test("findRoute finds where an episode begins, by what ends it or by its ID, over several blocks", async () => {
  using store = new StreamStore({ id: "int32", done: "bool", cut: "bool" }) as unknown as StreamStore;
  // Of 1, 2, 3, … rows; every third ends by `cut`.
  const starts: number[] = [];
  for (let episode = 0, row = 0; episode < 150; episode++) {
    starts.push(row);
    for (let i = 0; i <= episode; i++, row++) {
      const isLast = i === episode && episode < 149;
      store.append(row, {
        id: 7 * episode,
        done: isLast && episode % 3 > 0,
        cut: isLast && episode % 3 === 0,
      });
    }
  }
  for (const episode of [0, 1, 2, 60, 90, 148, 149]) {
    assert.equal(await find(store, `episode=${episode}&end=done&end=cut`), starts[episode]);
    assert.equal(await find(store, `episode=${episode}&id=id`), starts[episode]);
  }
  const byDone = starts.filter((_, i) => i === 0 || (i - 1) % 3 > 0);
  assert.equal(await find(store, "episode=40&end=done"), byDone[40]);
  assert.equal(await find(store, "episode=150&id=id"), null);
  using empty = new StreamStore({ id: 0 }) as unknown as StreamStore;
  assert.equal(await find(empty, "episode=0&id=id"), null);
});

test("findRoute refuses a question without one aim, and names that are no field", async () => {
  using store = new StreamStore({ done: 0 }) as unknown as StreamStore;
  const cases: [string, string | RegExp][] = [
    ["store=0", "Cannot find a row: one of row, step and episode must be given, got none"],
    [
      "store=0&row=1&step=1",
      "Cannot find a row: one of row, step and episode must be given, got row and step",
    ],
    ["store=0&step=1.5", 'Cannot find a row: step must be a whole number of 64 bits, got "1.5"'],
    ["store=0&step=9223372036854775808", /step must be a whole number of 64 bits/],
    ["store=0&episode=1", "Cannot find a row: end must be one of done, got none"],
    ["store=0&episode=1&end=x", 'Cannot find a row: end must be one of done, got "x"'],
    ["store=0&episode=1&id=x", 'Cannot find a row: id must be one of done, got "x"'],
  ];
  for (const [query, message] of cases) await assertRefused(findRoute, [store], query, message);
});

test("extraRoute gives bytes with the type of pictures that hold no script, and everything else as no page", async () => {
  const text = (words: string) => new TextEncoder().encode(words);
  const cases: [string, Uint8Array][] = [
    ["image/png", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 1, 2)],
    ["image/jpeg", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)],
    ["image/gif", text("GIF89a…")],
    ["image/webp", text("RIFF1234WEBPVP8 ")],
    ["application/octet-stream", text("RIFF1234WAVE")],
    ["application/octet-stream", Uint8Array.of(0xff, 0xd8)],
    [
      "application/octet-stream",
      text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    ],
    ["application/octet-stream", text("<!doctype html><script>alert(1)</script>")],
    ["application/octet-stream", new Uint8Array(0)],
  ];
  const extra = { frame: "bytes", note: "string" } as const;
  using store = new StreamStore({ value: 0 }, { extra });
  cases.forEach(([, frame], step) => store.append(step, { value: 1 }, { frame, note: `<b>${step}</b>` }));
  store.append(100, { value: 1 });
  for (const [row, [type, frame]] of cases.entries()) {
    const answer = await ask(extraRoute, [store], `store=0&name=frame&row=${row}`);
    assert.deepEqual([answer.type, answer.body], [type, frame]);
  }
  const note = await ask(extraRoute, [store], "store=0&name=note&row=3");
  assert.deepEqual([note.type, note.body], ["text/plain; charset=utf-8", text("<b>3</b>")]);
  const end = cases.length;
  const refused: [string, string, number][] = [
    [`name=frame&row=${end}`, `Cannot show an extra: row ${end} must have a value of "frame", got null`, 404],
    ["name=frame&row=999", `Cannot show an extra: row must be from 0 to ${end}, got 999`, 404],
    ["name=value&row=0", 'Cannot show an extra: name must be one of frame, note, got "value"', 400],
  ];
  for (const [query, message, status] of refused) {
    await assertRefused(extraRoute, [store], `store=0&${query}`, message, status);
  }
});
