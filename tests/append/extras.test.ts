/** Text and bytes that are appended with a step: every form, every size, and every refusal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { appendStep, compareExtras, extra, type ExtrasStore, fields, refuses } from "../support/extras.ts";

const newStore = (): ExtrasStore => new StreamStore(fields, { extra });

/** Calls with arguments that the types forbid. */
function appendAny(store: unknown, ...values: unknown[]): void {
  (store as { append(...values: unknown[]): void }).append(...values);
}

test("append() keeps text and bytes of every size beside a step, in each of its forms", () => {
  using store = newStore();
  for (let step = 0; step < 300; step++) {
    appendStep(store, step);
    if (step % 40 === 39) compareExtras(store, 0, step + 1);
  }
  compareExtras(store, 0, 300);
  assert.equal(store.rowCount, 300);
});

test("append() tells what is absent from what is empty", () => {
  using store = newStore();
  store.append(0, { action: 1 }, { prompt: "", frame: new Uint8Array(0) });
  store.append(1, { action: 1 }, { prompt: null, frame: undefined });
  store.append(2, { action: 1 }, {});
  store.append(3, { action: 1 });
  assert.deepEqual(store.extra("prompt").slice(), ["", null, null, null]);
  assert.deepEqual(store.extra("frame").slice(), [new Uint8Array(0), null, null, null]);
  assert.deepEqual(store.extra("frame").bytes(0), new Uint8Array(0));
  assert.equal(store.extra("frame").bytes(1), null);
});

test("append() goes on with a step where it fills what is null, whoever wrote the first part", () => {
  using store = newStore();
  const isThere = {
    name: "RangeError",
    message: 'Cannot append: extra "prompt" of step 7 must be null to get a value, got a step that has one',
  };
  store.append(7, { action: 1 }, { prompt: "" });
  refuses(store, () => store.append(7, { observation: [1] }, { prompt: "b" }), isThere);
  store.append(7, { observation: 2 }, { frame: Uint8Array.of(1) });
  refuses(store, () => store.append(7, {}, { prompt: "b" }), isThere);
  store.flush();
  refuses(store, () => store.append(7, {}, { note: "c", prompt: "b" }), isThere);
  store.append(7, {}, { note: "c" });
  assert.deepEqual(store.rows(), [
    { step: 7, action: 1, observation: 2, extra: { prompt: "", frame: Uint8Array.of(1), note: "c" } },
  ]);
  store.appendColumns({ step: [8, 9], action: [1, 2] }, { extra: { prompt: ["d", null] } });
  refuses(store, () => store.append(8, {}, { note: "e" }), {
    name: "RangeError",
    message: /step must be >= 9/,
  });
  store.append(9, {}, { prompt: "f" });
  assert.deepEqual(store.extra("prompt").slice(1), ["d", "f"]);
});

test("append() of sequences takes a value for each step", () => {
  using store = newStore();
  const note = ["a", null, "c"];
  store.append([0, 0, 1, 2], ["action", "observation", "action", "action"], [1, 2, 3, 4], { note });
  assert.deepEqual(store.extra("note").slice(), note);
  const names = ["action", "action"] as const;
  refuses(store, () => store.append([3, 4], names, [1, 2], { note: ["a"] }), {
    name: "RangeError",
    message: "Cannot append: extra must have a value for each step, 2, got 1",
  });
  refuses(store, () => store.append([3, 4], names, [1, 2], { note: ["a", "b", "c"] }), {
    name: "RangeError",
    message: 'Cannot append: extra "note" must have a value for each step, at most 2, got 3',
  });
  refuses(store, () => store.append([3, 4], names, [1, 2], { note: ["a", "b"], prompt: ["a"] }), {
    name: "RangeError",
    message: 'Cannot append: extra "note" must have a value for each step, 1 as the others, got 2',
  });
  refuses(store, () => appendAny(store, [3], ["action"], [1], { note: "a" }), {
    name: "TypeError",
    message: 'Cannot append: extra "note" must be a list with a value for each step, got "a"',
  });
});

test("append() refuses other names, other values and text that is not well-formed", () => {
  using store = newStore();
  store.append(0, { action: 1 }, { prompt: "a" });
  const cases: [unknown, string, string][] = [
    [{ promt: "a" }, "TypeError", 'extra must be among prompt, frame, note, got "promt"'],
    [{ prompt: 5 }, "TypeError", 'extra "prompt" must be a string, got 5'],
    [
      { prompt: Uint8Array.of(1) },
      "TypeError",
      'extra "prompt" must be a string, got a Uint8Array of 1 bytes',
    ],
    [
      { prompt: "ab\ud800" },
      "RangeError",
      'extra "prompt" must be well-formed text, got a lone surrogate at 2',
    ],
    [
      { prompt: "\u{1f600}".repeat(3000) + "\udc00" },
      "RangeError",
      'extra "prompt" must be well-formed text, got a lone surrogate at 6000',
    ],
    [{ frame: "a" }, "TypeError", 'extra "frame" must be a Uint8Array, got "a"'],
    [{ frame: [1] }, "TypeError", 'extra "frame" must be a Uint8Array, got an array of 1'],
    [
      { frame: new Int8Array(2) },
      "TypeError",
      'extra "frame" must be a Uint8Array, got a Int8Array of 2 bytes',
    ],
    [null, "TypeError", "extra must be an object of names and values, got null"],
    [["a"], "TypeError", "extra must be an object of names and values, got an array of 1"],
    ["a", "TypeError", 'extra must be an object of names and values, got "a"'],
  ];
  for (const [given, name, message] of cases) {
    refuses(store, () => appendAny(store, 1, { action: 1 }, given), {
      name,
      message: `Cannot append: ${message}`,
    });
  }
  // What is wrong with the step refuses its extras too, also those that are in their file already.
  const frame = new Uint8Array(10_000);
  refuses(store, () => appendAny(store, 1, { action: "x" }, { frame, prompt: "b" }), TypeError as never);
  refuses(store, () => store.append(-1, { action: 1 }, { frame }), RangeError as never);
  store.append(1, {}, { frame: frame.fill(3) });
  assert.deepEqual(store.extra("frame").get(1), frame);
});

test("append() of extras to a store that has none says so", () => {
  using store = new StreamStore(fields);
  assert.throws(() => appendAny(store, 0, { action: 1 }, { prompt: "a" }), {
    name: "TypeError",
    message: 'Cannot append: the store must be made with { extra } to take some, got "prompt"',
  });
  appendAny(store, 0, { action: 1 }, {});
  assert.deepEqual(store.rows(), [{ step: 0, action: 1 }]);
});

test("append() reads each value once, before anything is written", () => {
  using store = newStore();
  let reads = 0;
  const given = {
    get prompt() {
      reads++;
      return "once";
    },
  };
  store.append(0, { action: 1 }, given);
  assert.equal(reads, 1);
  const failing = {
    frame: new Uint8Array(5000),
    get prompt(): string {
      throw new Error("mine");
    },
  };
  refuses(store, () => store.append(1, { action: 1 }, failing), { message: "mine" });
  refuses(store, () =>
    store.append(1, {
      get action(): number {
        throw new Error("mine");
      },
    }, { prompt: "a" }), {
    message: "mine",
  });
  // A call from within, and one that goes on after it.
  const inner = {
    get action() {
      assert.throws(() => store.append(9, {}, { prompt: "inner" }), { code: "busy" });
      return 1;
    },
  };
  store.append(1, inner, { prompt: "outer" });
  assert.deepEqual(store.extra("prompt").slice(), ["once", "outer"]);
});

test("append() takes bytes of any buffer as they are, or refuses those that go away meanwhile", () => {
  using store = newStore();
  const shared = new Uint8Array(new SharedArrayBuffer(9000)).fill(4);
  const resizable = new ArrayBuffer(9000, { maxByteLength: 10_000 });
  const tracking = new Uint8Array(resizable).fill(5);
  store.append(0, { action: 1 }, { frame: shared });
  store.append(1, { action: 1 }, { frame: shared.subarray(0, 9) });
  store.append(2, { action: 1 }, { frame: tracking });
  store.append(3, { action: 1 }, { frame: Buffer.from("bytes") });
  const found = store.extra("frame");
  assert.deepEqual([found.get(0), found.get(1)], [new Uint8Array(9000).fill(4), new Uint8Array(9).fill(4)]);
  assert.deepEqual([found.get(2), found.get(3)], [
    new Uint8Array(9000).fill(5),
    new TextEncoder().encode("bytes"),
  ]);
  for (const length of [10, 9000]) {
    // A value that is no plain number takes a longer way, in which the step's own getters come before its extras are laid out.
    const frame = new Uint8Array(length);
    const values = {
      get action() {
        if (!frame.buffer.detached) frame.buffer.transfer();
        return 1n;
      },
    };
    refuses(store, () => store.append(4, values, { frame }), {
      name: "TypeError",
      message: /extra "frame".*detached/,
    });
    refuses(store, () => store.append(4, { action: 1 }, { frame }), {
      name: "TypeError",
      message: /"frame".*detached/,
    });
  }
  // It says of itself what is not so.
  const lying = Object.defineProperty(new Uint8Array(3).fill(9), "length", { value: 1 << 20 });
  store.append(4, { action: 1 }, { frame: lying });
  assert.deepEqual(found.get(4), Uint8Array.of(9, 9, 9));
});

test("appendColumns() takes lists of text and bytes, or leaves no trace", () => {
  using store = newStore();
  const count = 5000;
  const step = Array.from({ length: count }, (_, i) => i);
  const prompt = step.map((i) => i % 3 === 0 ? null : `text ${i}`);
  const frame = step.map((i) => i % 100 === 0 ? new Uint8Array(30_000).fill(i) : undefined);
  store.appendColumns({ step, action: step }, { extra: { prompt, frame, note: null } as never });
  assert.deepEqual(store.extra("prompt").slice(), prompt);
  assert.deepEqual(store.extra("frame").slice(), frame.map((bytes) => bytes ?? null));
  assert.deepEqual(store.extra("note").slice(17, 19), [null, null]);
  const next = { step: [count], action: [1] };
  const appendWith = (options: unknown) => () => store.appendColumns(next, options as never);
  refuses(store, appendWith({ extra: { prompt: ["a", "b"] } }), {
    message: 'Cannot append columns: extra "prompt" must have a value for each step, 1, got 2',
  });
  refuses(store, appendWith({ extra: { prompt: ["\ud800"] } }), {
    name: "RangeError",
    message: /at row 0: extra "prompt"/,
  });
  refuses(store, appendWith({ extra: { prompt: "a" } }), { name: "TypeError" });
  refuses(store, appendWith({ extra: { other: ["a"] } }), {
    name: "TypeError",
    message: /among prompt, frame, note/,
  });
  refuses(store, appendWith({ extras: {} }), {
    name: "TypeError",
    message: /must be one of extra, got extras/,
  });
  const gone = new Uint8Array(4);
  const acting = [gone, null];
  Object.defineProperty(acting, 1, { get: () => (gone.buffer.transfer(), null) });
  refuses(
    store,
    () => store.appendColumns({ step: [count, count + 1], action: [1, 2] }, { extra: { frame: acting } }),
    {
      name: "TypeError",
      message: /"frame".*detached/,
    },
  );
  refuses(
    store,
    () => store.appendColumns({ step: [count], action: ["x"] as never }, { extra: { prompt: ["a"] } }),
    {
      name: "TypeError",
    },
  );
  store.appendColumns(next, { extra: { prompt: ["last"] } });
  assert.equal(store.extra("prompt").get(count), "last");
});

test("append() of a step that is larger than the tail takes its extras along", () => {
  using store = newStore();
  const observation = new Float64Array(200_000).fill(1.5);
  const frame = new Uint8Array(100_000).fill(7);
  store.append(0, { action: 1 }, { prompt: "before" });
  store.append(1, { observation }, { prompt: "with it", frame });
  store.append(2, { action: 1 }, { prompt: "after", frame: frame.subarray(0, 5000) });
  assert.deepEqual(store.extra("prompt").slice(), ["before", "with it", "after"]);
  assert.deepEqual(store.extra("frame").slice(), [null, frame, frame.slice(0, 5000)]);
  assert.equal(store.length, 200_002);
});

test("append() of many extras at once flushes where the tail is full, in the order of steps", () => {
  using store = newStore();
  const long = "y".repeat(1300);
  for (let step = 0; step < 2000; step++) {
    store.append(step, { action: step }, { prompt: long + step, note: `${step}` });
  }
  for (const step of [0, 1, 777, 1998, 1999]) {
    assert.equal(store.extra("prompt").get(step), long + step);
    assert.equal(store.extra("note").get(step), `${step}`);
  }
  const steps = Array.from({ length: 3000 }, (_, i) => 2000 + i);
  const note = steps.map((step) => `${step}${long}`);
  store.append(steps, steps.map(() => "action" as const), steps, { note });
  assert.deepEqual(store.extra("note").slice(2000), note);
});
