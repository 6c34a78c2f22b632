/** Text and bytes of many steps as Arrow lays them out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { extra, type ExtrasStore, fields, refuses } from "../support/extras.ts";

const newStore = (): ExtrasStore => new StreamStore(fields, { extra });

/** Texts as Arrow lays them out, after bytes that belong to none of them. */
function dataOf(texts: readonly (string | null)[], { isWide = false, garbage = 0 } = {}) {
  const offsets = [3];
  const parts = [Buffer.from("xyz")];
  const validity = new Uint8Array(Math.ceil(texts.length / 8));
  for (const [i, text] of texts.entries()) {
    // What stands at a null means nothing, and need not be text.
    const part = text === null ? Buffer.alloc(garbage, 0xff) : Buffer.from(text);
    parts.push(part);
    offsets.push(offsets[i] + part.length);
    if (text !== null) validity[i >> 3] |= 1 << (i & 7);
  }
  return {
    offsets: isWide ? BigInt64Array.from(offsets, BigInt) : Int32Array.from(offsets),
    data: new Uint8Array(Buffer.concat([...parts, Buffer.from([0xff])])),
    validity,
  };
}

test("appendColumns() takes Arrow's own offsets and data, with nulls and without", () => {
  for (
    const [count, isWide, garbage] of [[0, false, 0], [1, true, 0], [7000, false, 0], [
      5000,
      true,
      9,
    ]] as const
  ) {
    using store = newStore();
    store.append(0, { action: 1 }, { prompt: "first" });
    const step = Array.from({ length: count }, (_, i) => i + 1);
    const texts = step.map((i) =>
      i % 5 === 2 ? null : i % 1000 === 7 ? "日本".repeat(99_000) : `é${i}`.repeat(i % 3)
    );
    const prompt = dataOf(texts, { isWide, garbage });
    const { validity: _, ...frame } = dataOf(texts, { isWide });
    store.appendColumns({ step, action: step }, { extra: { prompt, frame, note: texts } });
    prompt.data.fill(0);
    assert.deepEqual(store.extra("prompt").slice(1), texts);
    assert.deepEqual(store.extra("note").slice(1), texts);
    const bytes = store.extra("frame").slice(1).map((value) => Buffer.from(value!).toString());
    assert.deepEqual(bytes, texts.map((text) => text ?? ""));
    store.append(count + 1, { action: 1 }, { prompt: "last" });
    assert.equal(store.extra("prompt").get(count + 1), "last");
  }
});

test("appendColumns() refuses offsets and data that do not fit, with column and row, and leaves no trace", () => {
  using store = newStore();
  store.append(0, { action: 1 }, { prompt: "first" });
  const data = Buffer.from("aéc日b");
  const refused = (given: unknown, message: RegExp, name = "RangeError", extra = "prompt") =>
    refuses(
      store,
      () =>
        store.appendColumns({ step: [1, 2, 3], action: [1, 2, 3] }, { extra: { [extra]: given } as never }),
      { name, message },
    );
  const good = { offsets: Int32Array.of(0, 3, 4, 8), data: new Uint8Array(data) };
  const at = (...offsets: number[]) => ({ ...good, offsets: Int32Array.from(offsets) });
  refused(at(0, 3, 4), /extra "prompt": offsets must be 4, one more than steps, got 3/);
  refused(at(0, 3, 4, 8, 8), /offsets must be 4, one more than steps, got 5/);
  refused(at(0, 4, 3, 8), /extra "prompt": offsets\[2\] must be from 4 to 8, got 3/);
  refused(at(-1, 3, 4, 8), /offsets\[0\] must be from 0 to 8, got -1/);
  refused(at(0, 3, 4, 9), /offsets\[3\] must be from 4 to 8, got 9/);
  refused(
    { ...good, offsets: BigInt64Array.of(0n, 3n, 4n, 2n ** 62n) },
    /offsets\[3\] must be from 4 to 8, got 46/,
  );
  refused(at(0, 2, 4, 8), /at row 0: extra "prompt" must be UTF-8, got a Uint8Array of 2 bytes that are not/);
  refused(at(0, 3, 6, 8), /at row 1: extra "prompt" must be UTF-8/);
  refused(at(0, 3, 6, 6), /at row 1: extra "prompt" must be UTF-8/);
  const surrogate = { ...good, data: Uint8Array.of(97, 97, 97, 97, 0xed, 0xa0, 0x80, 98) };
  refused(surrogate, /at row 2: extra "prompt" must be UTF-8/);
  refused({ ...surrogate, validity: Uint8Array.of(0b100) }, /at row 2: extra "prompt" must be UTF-8/);
  refused({ ...good, validity: new Uint8Array(0) }, /validity must have a bit for each step, 1 bytes, got 0/);
  refused(
    { ...good, offsets: [0, 3, 4, 8] },
    /offsets must be an Int32Array or BigInt64Array, got an array of 4/,
    "TypeError",
  );
  refused({ ...good, data: "aéc" }, /data must be a Uint8Array, got "aéc"/, "TypeError");
  refused({ ...good, data: new Int8Array(8) }, /data must be a Uint8Array/, "TypeError");
  refused({ ...good, validity: [1] }, /validity must be a Uint8Array/, "TypeError");
  refused({ data: good.data }, /offsets must be/, "TypeError");
  refused(
    { ...good, values: 1 },
    /must be one of extra.prompt.offsets, .*, got extra.prompt.values/,
    "TypeError",
  );
  const gone = new Uint8Array(data);
  gone.buffer.transfer();
  refused({ ...good, data: gone }, /"prompt": data must have a buffer that is attached/, "TypeError");
  const leaving = new Uint8Array(data);
  const column = {
    offsets: good.offsets,
    data: leaving,
    get validity() {
      leaving.buffer.transfer();
      return undefined;
    },
  };
  refused(column, /"prompt": data must have a buffer that is attached/, "TypeError");
  const lying = Object.defineProperty(Int32Array.of(0, 3), "length", { value: 4 });
  refused({ ...good, offsets: lying }, /offsets must be 4, one more than steps, got 2/);
  // A good column after, or before, a bad one is not kept either.
  refuses(
    store,
    () =>
      store.appendColumns({ step: [1, 2, 3], action: [1, 2, 3] }, {
        extra: { frame: good, prompt: at(0, 2, 4, 8), note: ["a", "b", "c"] },
      }),
    { name: "RangeError", message: /at row 0: extra "prompt"/ },
  );
  const { offsets, ...rest } = good;
  // A value may end in the middle of what is nobody's, and a null may be anything.
  store.appendColumns({ step: [1, 2, 3], action: [1, 2, 3] }, {
    extra: { prompt: { ...surrogate, validity: Uint8Array.of(0b011) }, frame: { ...rest, offsets } },
  });
  assert.deepEqual(store.extra("prompt").slice(1), ["aaa", "a", null]);
  assert.deepEqual(store.extra("frame").get(2), Uint8Array.of(99));
});
