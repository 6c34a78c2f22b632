/** Makes the stores that the tests of the Python package read: `stores.ts <directory>`. */
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

const [directory] = process.argv.slice(2);

/** Every dtype, lists of several lengths, empty ones, fields left out, rows without a token, text and bytes. */
function writeMixed(path: string): void {
  const fields = {
    observation: { type: 3, dtype: "float32" },
    half: { type: -7, dtype: "float16" },
    big: { type: 9, dtype: "int64" },
    serial: { type: 1000, dtype: "uint64" },
    small: { type: 1, dtype: "int8" },
    count: { type: 2, dtype: "uint32" },
    done: { type: 0, dtype: "bool" },
  } as const;
  using store = StreamStore.open(path, {
    fields,
    extra: { prompt: "string", frame: "bytes" },
    capacity: 500,
  });
  const random = new Random(5);
  for (let row = 0; row < 9000; row++) {
    const observation = Array.from({ length: random.below(4) }, () => Math.fround(random.float() - 0.5));
    const kind = row < 5000 ? 5 : random.below(6);
    const values = kind === 0 ? {} : {
      observation: row < 5000 ? [row, -row, 0.5] : observation,
      half: (row % 64) / 8,
      ...(kind === 1 ? {} : { big: -(2n ** 61n) - BigInt(row), serial: 2n ** 63n + BigInt(row) }),
      small: row % 256 - 128,
      count: 2 ** 32 - 1 - row,
      done: row % 40 === 39,
    };
    const extra = {
      0: {},
      1: { prompt: `Grüße ${row}` },
      2: { prompt: "" },
      3: { frame: bytesOf(row) },
    }[row % 4]!;
    store.append(3 * row - 4000, values, row === 8000 ? { frame: new Uint8Array(100_000).fill(7) } : extra);
  }
}

function bytesOf(row: number): Uint8Array {
  return Uint8Array.from({ length: row % 50 }, (_, i) => (row + i) % 256);
}

/** A language model's tokens: one field, and so no types; sealed. */
function writeTokens(path: string): void {
  const store = StreamStore.open(path, { fields: { tokens: { type: 7, dtype: "uint16" } } });
  for (let row = 0; row < 500; row++) {
    store.append(row, {
      tokens: Uint16Array.from({ length: 1 + row % 90 }, (_, i) => (row * 131 + i) % 50_257),
    });
  }
  store.seal();
}

/** A store that has dropped its oldest rows. */
function writeDropping(path: string): void {
  const options = { fields: { reward: 0, done: 1 }, retain: { rows: 70_000 }, capacity: 65_536 };
  using store = StreamStore.open(path, options);
  const step = Float64Array.from({ length: 300_000 }, (_, row) => row);
  for (let from = 0; from < step.length; from += 50_000) {
    const steps = step.slice(from, from + 50_000);
    store.appendColumns({
      step: steps,
      reward: steps.map((row) => row / 8),
      done: steps.map((row) => +(row % 30 === 29)),
    });
    store.flush();
  }
}

/** Episodes of 1 to 40 rows of varying length, by three writers of which none ends its last; some rows lack fields. */
function writeEpisodes(path: string, rowCount: number, seed: number): void {
  const fields = { observation: 0, action: { type: 1, dtype: "int64" }, run: 2, done: 3 } as const;
  const random = new Random(seed);
  for (let part = 0; part < 3; part++) {
    using store = StreamStore.open(path, { fields, extra: { prompt: "string" } });
    for (let run = 100 * part; store.rowCount < Math.floor(rowCount * (part + 1) / 3);) {
      const observation = Array.from({ length: random.below(4) }, () => random.float() * 100 - 50);
      const done = random.float() < 0.06;
      const values = random.float() < 0.1
        ? { action: store.rowCount, done }
        : { observation, action: store.rowCount, run, done };
      store.append(
        store.rowCount,
        values,
        store.rowCount % 3 === 0 ? { prompt: `row ${store.rowCount}` } : {},
      );
      if (done) run++;
    }
  }
}

/** What examples learn from: a reward that is linear in the observation. */
function writeLearning(path: string): void {
  using store = StreamStore.open(path, { fields: { observation: 0, reward: 1, step_number: 2 } });
  const random = new Random(9);
  for (let row = 0; row < 1000; row++) {
    const observation = [random.float() - 0.5, random.float() - 0.5];
    store.append(row, { observation, reward: 2 * observation[0] - observation[1], step_number: row });
  }
}

/** What TypeScript reads of a store: each field's column, and the extras of some rows. */
function toldOf(path: string) {
  using store = StreamStore.open(path, { mode: "read" });
  const columns = Object.fromEntries(store.fields.map(({ name }) => {
    const { values, width, offsets } = store.column(name as never);
    const bytes = Buffer.from(
      (values as Uint8Array).buffer,
      (values as Uint8Array).byteOffset,
      (values as Uint8Array).byteLength,
    );
    return [name, { bytes: bytes.toString("base64"), width, offsets: offsets && [...offsets] }];
  }));
  const { firstRow, rowCount, firstToken, length: tokenCount, fields, extras } = store;
  return { firstRow, rowCount, firstToken, tokenCount, fields, extras, columns };
}

const writers: Readonly<Record<string, (path: string) => void>> = {
  mixed: writeMixed,
  tokens: writeTokens,
  dropping: writeDropping,
  learning: writeLearning,
  episodes: (path) => writeEpisodes(path, 900, 1),
  second: (path) => writeEpisodes(path, 40, 2),
  third: (path) => writeEpisodes(path, 3, 3),
  fourth: (path) => writeEpisodes(path, 1500, 4),
};
const told = Object.entries(writers).map(([name, write]) => {
  const path = `${directory}/${name}.stream`;
  write(path);
  return [name, toldOf(path)];
});
writeFileSync(`${directory}/stores.json`, JSON.stringify(Object.fromEntries(told)));
