/** What can become of a store's files, drawn from a seed. */
import { Buffer } from "node:buffer";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../support/support.ts";
import { type Files, writeStore } from "./stores.ts";

/** Files as they will be written; null stands for a directory in the file's place. */
type Mutant = Map<string, Uint8Array | null>;

export interface Sources {
  readonly original: Files;
  /** Other stores with the same fields. */
  readonly foreign: readonly Files[];
}

type Mutation = (mutant: Mutant, random: Random, sources: Sources) => string;

const sector = 512;
/** Where `head` has its commit slots, and the word of its tail; see zig/src/format/format.zig. */
const slots = [512, 1024, 1536, 2048];
const headPart = 3072;

const mutations: readonly Mutation[] = [
  flipBits,
  flipBits,
  flipBits,
  flipInHead,
  flipInHead,
  randomBytes,
  zeroSector,
  zeroSector,
  cut,
  extend,
  swapFiles,
  swapSlots,
  editManifest,
  editManifest,
  deleteFile,
  makeDirectory,
  takeForeign,
];

/** Writes a damaged copy of a store and says what was done to it. */
export function writeMutant(path: string, sources: Sources, random: Random): string {
  const mutant: Mutant = new Map(Array.from(sources.original, ([name, bytes]) => [name, bytes.slice()]));
  const count = random.below(8) === 0 ? 2 : 1;
  const done = Array.from({ length: count }, () => {
    return mutations[random.below(mutations.length)](mutant, random, sources);
  });
  const files = new Map<string, Uint8Array>();
  for (const [name, bytes] of mutant) if (bytes !== null) files.set(name, bytes);
  writeStore(path, files);
  for (const [name, bytes] of mutant) if (bytes === null) mkdirSync(join(path, name));
  return done.join("; ");
}

export function removeMutant(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random.below(items.length)];
}

/** A file that is there and not empty. */
function pickFile(mutant: Mutant, random: Random): [string, Uint8Array] {
  const files = [...mutant].filter(([, bytes]) => bytes !== null && bytes.length > 0);
  return pick(files, random) as [string, Uint8Array];
}

function flipBits(mutant: Mutant, random: Random): string {
  const [name, bytes] = pickFile(mutant, random);
  const offsets = Array.from({ length: 1 + random.below(4) }, () => random.below(bytes.length));
  for (const offset of offsets) bytes[offset] ^= 1 << random.below(8);
  return `bits of ${name} flipped at ${offsets}`;
}

/** The tail makes up most of `head`, and what counts its first sectors. */
function flipInHead(mutant: Mutant, random: Random): string {
  const bytes = mutant.get("head");
  if (!bytes || bytes.length < headPart) return "nothing";
  const offset = pick([0, ...slots, 2560], random) + random.below(pick([8, 48, 160], random));
  bytes[offset] ^= 1 << random.below(8);
  return `a bit of head flipped at ${offset}`;
}

function randomBytes(mutant: Mutant, random: Random): string {
  const [name, bytes] = pickFile(mutant, random);
  const from = random.below(bytes.length);
  const to = Math.min(bytes.length, from + 1 + random.below(200));
  for (let at = from; at < to; at++) bytes[at] = random.below(256);
  return `random bytes in ${name} from ${from} to ${to}`;
}

function zeroSector(mutant: Mutant, random: Random): string {
  const [name, bytes] = random.below(2) === 0 ? pickFile(mutant, random) : ["head", mutant.get("head")!];
  if (!bytes) return "nothing";
  const length = name === "head" ? Math.min(headPart, bytes.length) : bytes.length;
  const from = sector * random.below(Math.ceil(length / sector));
  bytes.fill(0, from, from + sector);
  return `sector of ${name} zeroed at ${from}`;
}

function cut(mutant: Mutant, random: Random): string {
  const [name, bytes] = pickFile(mutant, random);
  const length = random.below(bytes.length);
  mutant.set(name, bytes.slice(0, length));
  return `${name} cut to ${length} of ${bytes.length}`;
}

function extend(mutant: Mutant, random: Random): string {
  const [name, bytes] = pickFile(mutant, random);
  const longer = new Uint8Array(bytes.length + 1 + random.below(5000));
  longer.set(bytes);
  if (random.below(2) === 0) {
    for (let at = bytes.length; at < longer.length; at++) longer[at] = random.below(256);
  }
  mutant.set(name, longer);
  return `${name} extended from ${bytes.length} to ${longer.length}`;
}

function swapFiles(mutant: Mutant, random: Random): string {
  const names = [...mutant.keys()];
  const [first, second] = [pick(names, random), pick(names, random)];
  const bytes = mutant.get(first)!;
  mutant.set(first, mutant.get(second)!);
  mutant.set(second, bytes);
  return `${first} and ${second} swapped`;
}

function swapSlots(mutant: Mutant, random: Random): string {
  const bytes = mutant.get("head");
  if (!bytes || bytes.length < headPart) return "nothing";
  const [first, second] = [pick(slots, random), pick(slots, random)];
  const copy = bytes.slice(first, first + sector);
  bytes.copyWithin(first, second, second + sector);
  bytes.set(copy, second);
  return `slots ${first} and ${second} swapped`;
}

function editManifest(mutant: Mutant, random: Random): string {
  const bytes = mutant.get("store.json");
  if (!bytes) return "nothing";
  const text = new TextDecoder().decode(bytes);
  const at = random.below(text.length);
  const characters = '0123456789-.,:"{}[]truefalsnd ';
  const inserted = pick(["", characters[random.below(characters.length)]], random);
  const edited = text.slice(0, at) + inserted + text.slice(at + random.below(3));
  mutant.set("store.json", new TextEncoder().encode(edited));
  return `store.json edited at ${at}`;
}

function deleteFile(mutant: Mutant, random: Random): string {
  const name = pick([...mutant.keys()], random);
  mutant.delete(name);
  return `${name} deleted`;
}

function makeDirectory(mutant: Mutant, random: Random): string {
  const name = pick([...mutant.keys()], random);
  mutant.set(name, null);
  return `a directory in place of ${name}`;
}

function takeForeign(mutant: Mutant, random: Random, { foreign }: Sources): string {
  const other = pick(foreign, random);
  const name = random.below(2) === 0 ? "head" : pick([...other.keys()], random);
  // Both together are that other store, which is whole whatever lies behind its end.
  const partner = name === "head" ? "store.json" : name === "store.json" ? "head" : null;
  const held = partner === null ? null : mutant.get(partner);
  if (held && Buffer.compare(held, other.get(partner!)!) === 0) return "nothing";
  mutant.set(name, other.get(name)!.slice());
  return `${name} of another store`;
}
