/**
 * What others read while it is written is stored with release and loaded with acquire: x86-64, and an emulator on it, do so
 * whatever they are asked for, so the instructions of the library for arm64 are looked at.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { adapter } from "../../src/native/library.ts";
import { unpack } from "../../src/native/packaged.ts";
import { packedFolder } from "./packed.ts";

const { system } = await adapter();
let library: DataView;
before(async () => {
  const packed = await import(`${packedFolder("jsr")}/libraries/linux-arm64.js`);
  const bytes = await unpack(packed, system);
  library = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
});

const word = (at: number) => library.getUint32(at, true);
const long = (at: number) => Number(library.getBigUint64(at, true));

/** Of each part that is loaded where it comes to stand, and where it stands in the file. */
function segments(): { address: number; offset: number; length: number }[] {
  return Array.from({ length: library.getUint16(56, true) }, (_, index) => long(32) + 56 * index)
    .filter((at) => word(at) === 1)
    .map((at) => ({ address: long(at + 16), offset: long(at + 8), length: long(at + 32) }));
}

/** The address of a function that the library exports. */
function addressOf(name: string): number {
  const sections = Array.from({ length: library.getUint16(60, true) }, (_, index) => long(40) + 64 * index);
  const symbols = sections.find((at) => word(at + 4) === 11)!;
  const names = long(sections[word(symbols + 40)] + 24);
  for (let at = long(symbols + 24), end = at + long(symbols + 32); at < end; at += 24) {
    const start = names + word(at);
    const found = Array.from({ length: name.length + 1 }, (_, index) => library.getUint8(start + index));
    if (String.fromCharCode(...found) === `${name}\0`) return long(at + 8);
  }
  throw new Error(`${name} is not exported`);
}

/** The number in `count` bits of an instruction from `low` on, with its sign, in bytes of instructions. */
const distance = (code: number, low: number, count: number) =>
  ((code << (32 - low - count)) >> (32 - count)) * 4;

/** Where an instruction leads to beside what follows it, and whether anything follows. */
function branch(code: number): { to?: number; ends: boolean } {
  if ((code & 0xfc000000) === 0x14000000) return { to: distance(code, 0, 26), ends: true };
  if ((code & 0xfc000000) >>> 0 === 0x94000000) return { to: distance(code, 0, 26), ends: false };
  const isConditional = (code & 0xff000010) === 0x54000000 || (code & 0x7e000000) === 0x34000000;
  if (isConditional) return { to: distance(code, 5, 19), ends: false };
  if ((code & 0x7e000000) === 0x36000000) return { to: distance(code, 5, 14), ends: false };
  // Returns, and jumps to where a register says.
  return { ends: (code & 0xff9ffc1f) >>> 0 === 0xd61f0000 };
}

/** All instructions that a function can come to by calls and branches. */
function reached(name: string): number[] {
  const parts = segments();
  const seen = new Map<number, number>();
  const open = [addressOf(name)];
  for (let address = open.pop(); address !== undefined; address = open.pop()) {
    while (!seen.has(address)) {
      const part = parts.find((part) => address! >= part.address && address! < part.address + part.length);
      if (part === undefined) break;
      const code = word(address - part.address + part.offset);
      seen.set(address, code);
      const { to, ends } = branch(code);
      if (to !== undefined) open.push(address + to);
      if (ends) break;
      address += 4;
    }
  }
  return [...seen.values()];
}

/** How many 64-bit stores with release, or loads with acquire, a function can come to. */
function count(name: string, kind: "stlr" | "ldar"): number {
  const wanted = { stlr: 0xc89ffc00, ldar: 0xc8dffc00 }[kind];
  return reached(name).filter((code) => (code & 0xfffffc00) >>> 0 === wanted).length;
}

test("what publishes a commit stores its checksum, and then the state of the tail, with release", () => {
  assert.ok(count("ss_batch_advance", "stlr") >= 2);
  // And once more the state: with the number of records, or as closed.
  assert.ok(count("ss_store_write", "stlr") >= 3);
  assert.ok(count("ss_store_close", "stlr") >= 3);
});

test("what reads a commit, or the state of the tail, loads with acquire", () => {
  assert.ok(count("ss_episodes_scan", "ldar") >= 1, "the newest that is synced");
  assert.ok(count("ss_store_write", "ldar") >= 1, "the records that are published");
});
