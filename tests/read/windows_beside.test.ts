/** Many windows beside each other, which may share buffers: each shows its tokens whatever is done with the others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dtype, StreamStore, type Window } from "../../mod.ts";
import { collectGarbage, Random } from "../support/support.ts";
import type { AnyStore } from "../support/typed/model.ts";
import { arrayOf, cellOf, dtypes } from "../support/typed/values.ts";
import { withDirectory } from "../torture/scratch.ts";

const rowsPerBlock = 2000;
const listWidth = 3;
const tokensPerRow = 1 + listWidth;

/** What token `token` has, which follows from its place: its step, its type, and the bits of its value. */
const stepAt = (token: number): bigint => BigInt(Math.floor(token / tokensPerRow));
const typeAt = (token: number): number => token % tokensPerRow === 0 ? 0 : 1;
const numberAt = (token: number): number => Math.imul(token, 2654435761) >>> 25;

/** The bits of all that there are of a dtype, which are few. */
const cells = new Map(dtypes.map((dtype) => [
  dtype,
  Array.from({ length: 128 }, (_, i) => {
    const number = dtype === "bool" ? i % 2 : i;
    return cellOf(dtype, dtype.endsWith("int64") ? BigInt(number) : number);
  }),
]));
const cellAt = (dtype: Dtype, token: number): bigint => cells.get(dtype)![numberAt(token)];

function appendBlock(store: AnyStore, dtype: Dtype): void {
  const first = store.rowCount;
  const values = (isWanted: (place: number) => boolean) => {
    const tokens = Array.from({ length: tokensPerRow * rowsPerBlock }, (_, i) => tokensPerRow * first + i);
    return arrayOf(
      dtype,
      tokens.filter((token) => isWanted(token % tokensPerRow)).map((token) => cellAt(dtype, token)),
    );
  };
  store.appendColumns({
    step: Array.from({ length: rowsPerBlock }, (_, i) => first + i),
    one: values((place) => place === 0),
    many: { values: values((place) => place > 0), width: listWidth },
  });
}

function assertRight(window: Window, dtype: Dtype): void {
  const { start, length, steps, types, values, bits } = window;
  for (const column of [steps, types, values, bits]) assert.equal(column.length, length);
  for (let i = 0; i < length; i++) {
    const token = start + i;
    const isRight = steps[i] === stepAt(token) && types[i] === typeAt(token) &&
      BigInt(bits[i]) === cellAt(dtype, token) &&
      Number(values[i]) === (dtype === "bool" ? numberAt(token) % 2 : numberAt(token));
    if (!isRight) {
      assert.fail(`${dtype}: token ${token} has ${steps[i]}, ${types[i]}, ${values[i]}, ${bits[i]}`);
    }
  }
}

/** Two rounds: in the second, what the first has found is gone. */
async function collectTwice(): Promise<void> {
  let rounds = 2;
  await collectGarbage(() => rounds-- === 0);
}

/** A window in the midst of others mostly, and now and then anywhere, of any length. */
function anyWindow(store: AnyStore, random: Random, place: number): Window {
  const held = store.length - store.firstToken;
  const length = Math.min(held, [0, 1, 2, 128, 128, 128, random.below(40_000)][random.below(7)]);
  const offset = random.below(4) === 0 ? random.below(held) : place + random.below(2000);
  return store.window(store.firstToken + Math.min(held - length, offset), length) as Window;
}

function transferOne({ values, types }: Window, random: Random): void {
  const { buffer } = random.below(2) === 0 ? values : types;
  if (buffer.byteLength === 0) return;
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
}

test("windows of every dtype stay right beside others, while the store grows and buffers are transferred", async () => {
  const random = new Random(191);
  for (const dtype of dtypes) {
    using store: AnyStore = new StreamStore({ one: dtype, many: dtype }, { capacity: 3000 });
    const kept: Window[] = [];
    for (let round = 0; round < 6; round++) {
      appendBlock(store, dtype);
      const place = random.below(store.length);
      for (let i = 0; i < 60; i++) {
        const window = anyWindow(store, random, place);
        assertRight(window, dtype);
        if (i % 6 === 0) kept.push(window);
      }
      transferOne(kept[random.below(kept.length)], random);
      if (round === 3) await collectTwice();
      for (const window of kept) assertRight(window, dtype);
    }
  }
});

test("windows of a writer that drops rows, and of its reader, are right or say that they are gone", () =>
  withDirectory((directory) => {
    const path = `${directory}/store`;
    const fields = { one: "float32", many: "float32" } as const;
    const options = { fields, retain: { rows: 9000 }, capacity: 4096 } as const;
    using writer = StreamStore.open(path, options) as unknown as AnyStore;
    appendBlock(writer, "float32");
    writer.flush();
    using reader = StreamStore.open(path, { mode: "read" }) as unknown as AnyStore;
    const random = new Random(5);
    const kept: [AnyStore, Window][] = [];
    for (let round = 0; round < 12; round++) {
      appendBlock(writer, "float32");
      writer.flush();
      reader.refresh();
      for (const store of [writer, reader]) {
        for (let i = 0; i < 30; i++) {
          const window = anyWindow(store, random, 100);
          assertRight(window, "float32");
          if (i % 5 === 0) kept.push([store, window]);
        }
      }
      for (const [store, window] of kept) {
        if (window.start >= store.firstToken) assertRight(window, "float32");
        else assert.throws(() => store.window(window.start, window.length), RangeError);
      }
    }
    assert.ok(writer.firstToken > 0 && reader.firstToken > 0);
    assert.ok(kept.some(([store, { start }]) => start < store.firstToken));
  }));

test("what is written into a window stays in this process, beside it and in the file", () =>
  withDirectory((directory) => {
    const path = `${directory}/store`;
    const fields = { one: "float64", many: "float64" } as const;
    using writer = StreamStore.open(path, { fields }) as unknown as AnyStore;
    appendBlock(writer, "float64");
    writer.flush();
    using reader = StreamStore.open(path, { mode: "read" }) as unknown as AnyStore;
    for (let start = 0; start < 1000; start += 100) {
      const window = writer.window(start, 100);
      (window.values as Float64Array)[50] = 99;
      window.types[50] = 1;
    }
    writer.close();
    for (let start = 0; start < 1000; start += 100) {
      assertRight(reader.window(start, 100) as Window, "float64");
    }
  }));

test("arrays of windows that share a buffer can be read after close(), and when only one is left", async () => {
  const store: AnyStore = new StreamStore({ one: "float32", many: "float32" }, { capacity: 3000 });
  appendBlock(store, "float32");
  const windows = Array.from({ length: 50 }, (_, i) => store.window(100 * i, 100));
  const arrays = windows.map(({ values }) => values);
  const alone = arrays[49];
  store.close();
  arrays.length = 1;
  for (const { values, types, bits, steps } of windows) {
    for (const column of [values, types, bits, steps]) assert.equal(column.length, 0);
  }
  windows.length = 0;
  await collectTwice();
  for (const values of [arrays[0], alone]) {
    assert.ok(values.length === 0 || values.length === 100);
    for (let i = 0; i < values.length; i++) {
      assert.equal(values[i], numberAt((values === alone ? 4900 : 0) + i));
    }
  }
});
