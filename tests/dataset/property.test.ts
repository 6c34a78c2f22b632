import { tableFromIPC, tableToIPC } from "apache-arrow";
import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Feature, StreamStore } from "../../mod.ts";
import { type Bits, columnBits } from "../support/dataset.ts";
import { keepInMemory, smallChunks } from "../support/in_memory.ts";

keepInMemory();

const seed = 20_251;
console.log(`Property tests of datasets run with seed ${seed}`);

/** A kind of number: what a store's field holds, the numbers to try, and their bits in a column. */
interface Kind {
  readonly name: string;
  readonly dtype: "float64" | "int64" | "uint64";
  readonly numbers: fc.Arbitrary<number | bigint>;
  readonly bits: (number: number | bigint) => string;
}

function digits(words: ArrayLike<number | bigint>, width: number): string {
  return words[0].toString(16).padStart(width, "0");
}

const floats: Kind[] = [
  {
    name: "float64",
    dtype: "float64",
    numbers: fc.double(),
    bits: (number) => digits(new BigUint64Array(Float64Array.of(Number(number)).buffer), 16),
  },
  {
    name: "float32",
    dtype: "float64",
    numbers: fc.float(),
    bits: (number) => digits(new Uint32Array(Float32Array.of(Number(number)).buffer), 8),
  },
];

const integers: Kind[] = ["int8", "uint8", "int16", "uint16", "int32", "uint32"].map((name) => {
  const width = Number(name.replace(/\D/g, ""));
  const [min, max] = name.startsWith("u") ? [0, 2 ** width - 1] : [-(2 ** (width - 1)), 2 ** (width - 1) - 1];
  return { name, dtype: "float64", numbers: fc.integer({ min, max }), bits: String };
});

const wide: Kind[] = [
  {
    name: "int64",
    dtype: "int64",
    numbers: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    bits: String,
  },
  { name: "uint64", dtype: "uint64", numbers: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), bits: String },
  {
    name: "timestamp[us]",
    dtype: "int64",
    numbers: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    bits: String,
  },
  { name: "bool", dtype: "float64", numbers: fc.integer({ min: 0, max: 1 }), bits: String },
];

type Cell = number | bigint | (number | bigint)[] | null;

/** A column: its feature, its rows as they are appended, and the bits that they must have in the end. */
interface Column {
  readonly dtype: Kind["dtype"];
  readonly feature: Feature;
  readonly cells: readonly Cell[];
  readonly bits: readonly Bits[];
}

function columnOf(kind: Kind, rowCount: number): fc.Arbitrary<Column> {
  const value: Feature = { dtype: kind.name, _type: "Value" };
  const pair: Feature = { feature: value, length: 2, _type: "List" };
  const rows = <Entry>(entry: fc.Arbitrary<Entry>) =>
    fc.array(fc.option(entry, { freq: 4 }), { minLength: rowCount, maxLength: rowCount });
  const lists = (lengths: { minLength?: number; maxLength: number }) => rows(fc.array(kind.numbers, lengths));
  const column = (feature: Feature, cells: readonly Cell[], shape: (bits: string[]) => Bits): Column => ({
    dtype: kind.dtype,
    feature,
    cells,
    bits: cells.map((cell) =>
      cell === null ? null : Array.isArray(cell) ? shape(cell.map(kind.bits)) : kind.bits(cell)
    ),
  });
  const pairs = (bits: string[]) =>
    Array.from({ length: bits.length / 2 }, (_, i) => bits.slice(2 * i, 2 * i + 2));
  return fc.oneof(
    rows(kind.numbers).map((cells) => column(value, cells, (bits) => bits)),
    lists({ maxLength: 4 }).map((cells) => column({ feature: value, _type: "List" }, cells, (bits) => bits)),
    lists({ maxLength: 4 }).map((cells) =>
      column({ feature: value, _type: "LargeList" }, cells, (bits) => bits)
    ),
    lists({ minLength: 3, maxLength: 3 }).map((cells) =>
      column({ feature: value, length: 3, _type: "List" }, cells, (bits) => bits)
    ),
    lists({ minLength: 4, maxLength: 4 }).map((cells) =>
      column({ feature: pair, length: 2, _type: "List" }, cells, pairs)
    ),
    lists({ minLength: 4, maxLength: 4 }).map((cells) =>
      column({ shape: [2, 2], dtype: kind.name, _type: "Array2D" }, cells, pairs)
    ),
    lists({ maxLength: 3 }).map((given) => {
      const cells = given.map((cell) => cell?.flatMap((number) => [number, number]) ?? null);
      return column({ feature: pair, _type: "List" }, cells, pairs);
    }),
    lists({ maxLength: 3 }).map((given) => {
      const cells = given.map((cell) => cell?.flatMap((number) => [number, number]) ?? null);
      return column({ shape: [null, 2], dtype: kind.name, _type: "Array2D" }, cells, pairs);
    }),
  );
}

const kinds = [...floats, ...integers, ...wide];
const columns = fc.nat({ max: 40 }).chain((rowCount) =>
  fc.array(fc.constantFrom(...kinds).chain((kind) => columnOf(kind, rowCount)), {
    minLength: 1,
    maxLength: 4,
  })
);

test("toDataset() gives what was appended, and fromDataset() takes it as it was", async () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });
  const property = fc.asyncProperty(columns, cuts, async (columns, cuts) => {
    const names = columns.map((_, i) => `field ${i}`);
    const fields = Object.fromEntries(columns.map(({ dtype }, i) => [names[i], { type: 3 * i - 4, dtype }]));
    using store = new StreamStore(fields, smallChunks);
    const rowCount = columns[0].cells.length;
    for (let row = 0; row < rowCount; row++) {
      store.append(row, Object.fromEntries(columns.map(({ cells }, i) => [names[i], cells[row]])));
    }
    const fieldFeatures = Object.fromEntries(columns.map(({ feature }, i) => [names[i], feature]));
    const table = await store.toDataset({ fieldFeatures });
    columns.forEach(({ bits }, i) => assert.deepEqual(columnBits(table, names[i]), bits));

    // Cut anywhere, each piece through Arrow's own format or not, and loaded one after the other.
    const ends = [0, ...cuts.map((cut) => Math.round(cut * rowCount)).sort((a, b) => a - b), rowCount];
    const pieces = ends.slice(1).map((end, i) => table.slice(ends[i], end));
    const read = pieces.map((piece, i) => i % 2 === 0 ? piece : tableFromIPC(tableToIPC(piece)));
    using copy = new StreamStore(fields, smallChunks);
    for (const piece of read) await copy.fromDataset(piece);
    const again = await copy.toDataset();
    columns.forEach(({ bits }, i) => assert.deepEqual(columnBits(again, names[i]), bits));
    assert.deepEqual(again.schema.metadata.get("huggingface"), table.schema.metadata.get("huggingface"));
    assert.deepEqual(copy.window(0, copy.length).bits, store.window(0, store.length).bits);
    assert.deepEqual(copy.window(0, copy.length).types, store.window(0, store.length).types);
  });
  await fc.assert(property, { seed, numRuns: 150 });
});

test("toDataset() and fromDataset() keep bits of float64 in lists that are no number in JavaScript", async () => {
  const words = fc.bigUint64Array({ minLength: 1, maxLength: 20 });
  const property = fc.asyncProperty(words, async (words) => {
    using store = new StreamStore({ a: 0 }, smallChunks);
    store.append(0, { a: new Float64Array(words.buffer, words.byteOffset, words.length) });
    const table = await store.toDataset();
    const expected = [Array.from(words, (word) => digits([word], 16))];
    assert.deepEqual(columnBits(table, "a"), expected);
    using copy = new StreamStore({ a: 0 }, smallChunks);
    await copy.fromDataset(table);
    assert.deepEqual(columnBits(await copy.toDataset(), "a"), expected);
  });
  await fc.assert(property, { seed, numRuns: 100 });
});
