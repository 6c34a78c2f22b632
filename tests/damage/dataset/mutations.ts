/** What can become of a dataset's files, drawn from a seed. */
import type { Random } from "../../support/support.ts";
import type { Files } from "./samples.ts";

type Mutant = Map<string, Uint8Array>;

type Mutation = (bytes: Uint8Array, random: Random) => readonly [Uint8Array, string];

const mutations: readonly Mutation[] = [
  flipBits,
  flipBits,
  flipBits,
  flipAtEnd,
  flipAtEnd,
  setLength,
  setLength,
  setLength,
  randomBytes,
  zero,
  cut,
  cut,
  extend,
  remove,
  double,
  swapPieces,
  editText,
];

/** A damaged copy, and what was done to it. `foreign` are other datasets, whose files may take the place of these. */
export function mutate(files: Files, foreign: readonly Files[], random: Random): [Files, string] {
  const mutant: Mutant = new Map(files);
  const count = random.below(6) === 0 ? 2 : 1;
  const done = Array.from({ length: count }, () => {
    if (mutant.size === 0) return "nothing";
    const name = pick([...mutant.keys()], random);
    if (random.below(40) === 0) {
      mutant.delete(name);
      return `${name} deleted`;
    }
    if (random.below(30) === 0) {
      const other = pick(foreign, random);
      const from = pick([...other.keys()], random);
      mutant.set(name, other.get(from)!);
      return `${from} of another dataset as ${name}`;
    }
    const bytes = mutant.get(name)!;
    if (bytes.length === 0) return "nothing";
    const mutation = /json$|csv$|md$/.test(name) && random.below(2) === 0
      ? editText
      : pick(mutations, random);
    const [damaged, what] = mutation(bytes.slice(), random);
    mutant.set(name, damaged);
    return `${name}: ${what}`;
  });
  return [mutant, done.join("; ")];
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random.below(items.length)];
}

function flipBits(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const offsets = Array.from({ length: 1 + random.below(4) }, () => random.below(bytes.length));
  for (const offset of offsets) bytes[offset] ^= 1 << random.below(8);
  return [bytes, `bits flipped at ${offsets}`];
}

/** Where Parquet and Arrow files have their index. */
function flipAtEnd(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const offset = bytes.length - 1 - random.below(Math.min(bytes.length, pick([12, 300, 3000], random)));
  bytes[offset] ^= 1 << random.below(8);
  return [bytes, `a bit flipped at ${offset}`];
}

const lengths = [0, 1, 2, -1, -2, 0x7f, 0xff, 0xffff, 2 ** 31 - 1, 2 ** 31, 2 ** 30, 1e6];

/** Numbers in these files are 4 or 8 bytes that stand at multiples of 4, or varints anywhere. */
function setLength(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const isVarint = random.below(3) === 0;
  const at = isVarint ? random.below(bytes.length) : 4 * random.below(Math.ceil(bytes.length / 4));
  const value = pick(lengths, random);
  const width = isVarint ? 1 + random.below(5) : pick([4, 4, 8], random);
  for (let i = 0; i < width && at + i < bytes.length; i++) {
    if (isVarint) bytes[at + i] = i === width - 1 ? 0x0f : 0xff;
    else bytes[at + i] = i < 4 ? value >>> (8 * i) : value < 0 ? 0xff : 0;
  }
  return [bytes, isVarint ? `a varint of ${width} at ${at}` : `${value} in ${width} bytes at ${at}`];
}

function randomBytes(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const [from, to] = range(bytes, random);
  for (let at = from; at < to; at++) bytes[at] = random.below(256);
  return [bytes, `random bytes from ${from} to ${to}`];
}

function zero(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const [from, to] = range(bytes, random);
  return [bytes.fill(0, from, to), `zeros from ${from} to ${to}`];
}

function cut(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const length = random.below(bytes.length);
  return [bytes.slice(0, length), `cut to ${length} of ${bytes.length}`];
}

function extend(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const longer = new Uint8Array(bytes.length + 1 + random.below(3000));
  longer.set(bytes);
  if (random.below(2) === 0) {
    for (let at = bytes.length; at < longer.length; at++) longer[at] = random.below(256);
  }
  return [longer, `extended to ${longer.length}`];
}

function remove(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const [from, to] = range(bytes, random);
  return [joined(bytes.subarray(0, from), bytes.subarray(to)), `without ${from} to ${to}`];
}

function double(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const [from, to] = range(bytes, random);
  return [joined(bytes.subarray(0, to), bytes.subarray(from)), `${from} to ${to} twice`];
}

function swapPieces(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const [from, to] = range(bytes, random);
  const [next, end] = range(bytes.subarray(to), random).map((at) => to + at);
  const pieces = [[0, from], [next, end], [to, next], [from, to], [end, bytes.length]];
  return [
    joined(...pieces.map(([a, b]) => bytes.subarray(a, b))),
    `${from} to ${to} and ${next} to ${end} swapped`,
  ];
}

const words = [
  "",
  "null",
  "-1",
  "1e999",
  "[",
  "{",
  '"',
  "}",
  "]",
  "../",
  "\n",
  ": ",
  "true",
  "[[[[[[[[",
  "\u0000",
  "é",
];

function editText(bytes: Uint8Array, random: Random): [Uint8Array, string] {
  const at = random.below(bytes.length);
  const word = pick(words, random);
  const edited = joined(
    bytes.subarray(0, at),
    new TextEncoder().encode(word),
    bytes.subarray(at + random.below(6)),
  );
  return [edited, `${JSON.stringify(word)} put in at ${at}`];
}

function range(bytes: Uint8Array, random: Random): [number, number] {
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random.below(pick([4, 64, 1000], random)))];
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
