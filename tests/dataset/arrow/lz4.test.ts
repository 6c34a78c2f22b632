/** Frames of LZ4, put together byte by byte as its two format documents say. Checksums are those of Python's xxhash. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decompressLz4Frame } from "../../../src/dataset/arrow/read/lz4.ts";
import { xxh32 } from "../../../src/dataset/arrow/read/xxh32.ts";

const text = (content: string) => [...new TextEncoder().encode(content)];
const word = (value: number) => [value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24];

test("xxh32() gives the checksums that xxhash gives", () => {
  const known: [string, number][] = [
    ["", 0x02cc5d05],
    ["a", 0x550d7456],
    ["abc", 0x32d153ff],
    ["Nobody inspects the spammish repetition", 0xe2293b2f],
    ["0123456789abcdef", 0xc2c45b69],
    ["x".repeat(1000), 0x73bcd817],
  ];
  for (const [content, checksum] of known) assert.equal(xxh32(Uint8Array.from(text(content))), checksum);
});

const [linked, independent, blockSums, size, contentSum] = [0x40, 0x60, 0x10, 0x08, 0x04];
const [small, large] = [4, 7];
const end = word(0);

/** A frame's header, with its checksum: flags, the size of blocks, and what follows on them. */
function header(flags: number, sizeCode = small, more: number[] = []): number[] {
  const descriptor = [flags, sizeCode << 4, ...more];
  return [...word(0x184d2204), ...descriptor, xxh32(Uint8Array.from(descriptor)) >>> 8 & 255];
}

const block = (...bytes: number[]) => [...word(bytes.length), ...bytes];
const plain = (content: string) => [...word(content.length | 0x80000000), ...text(content)];

/** Up to 14 literals, then a match of 4 to 18 bytes, so far back. */
function sequence(literals: string, distance: number, length: number): number[] {
  return [literals.length << 4 | length - 4, ...text(literals), distance & 255, distance >> 8];
}

const last = (literals: string) => [literals.length << 4, ...text(literals)];

function decode(frame: number[], length: number): string {
  return new TextDecoder().decode(decompressLz4Frame(Uint8Array.from(frame), length));
}

test("decompressLz4Frame() reads literals, matches and blocks of every kind", () => {
  const hello = 0xfb0077f9;
  const cases: [number[], string][] = [
    [[...header(linked), ...end], ""],
    [[...header(linked), ...block(...last("hello")), ...end], "hello"],
    [[...header(linked), ...plain("hello"), ...end], "hello"],
    [[...header(linked), ...block(...sequence("abc", 3, 7), ...last("!")), ...end], "abcabcabca!"],
    [[...header(linked), ...block(...sequence("a", 1, 18), ...last("b")), ...end], `${"a".repeat(19)}b`],
    // A match may go back into the block before, whatever its kind.
    [
      [...header(linked), ...plain("wxyz"), ...block(...sequence("", 4, 6), ...last("!")), ...end],
      "wxyzwxyzwx!",
    ],
    // Lengths of 15 and more go on in bytes of up to 255 each: 15 + 255 + 2 literals, 15 + 255 + 255 + 1 + 4 of a match.
    [
      [
        ...header(independent, large),
        ...block(0xff, 255, 2, ...text("abcdefgh".repeat(34)), 8, 0, 255, 255, 1, ...last("!")),
        ...end,
      ],
      `${"abcdefgh".repeat(101).slice(0, 272 + 530)}!`,
    ],
    [
      [
        ...header(linked | size | contentSum | blockSums, large, [...word(5), ...word(0)]),
        ...plain("hello"),
        ...word(hello),
        ...end,
        ...word(hello),
      ],
      "hello",
    ],
  ];
  for (const [frame, content] of cases) assert.equal(decode(frame, content.length), content);
});

test("decompressLz4Frame() refuses what is no frame of so many bytes, by what is wrong", () => {
  const hello = [...header(linked), ...block(...last("hello")), ...end];
  const cases: [number[], number, RegExp][] = [
    [[], 5, /must be a frame of LZ4/],
    [word(0x184d2a50).concat(word(0), word(0)), 5, /must be a frame of LZ4/],
    [hello, 4, /must hold at most 4 bytes/],
    [hello, 6, /must have 6 bytes, has 5/],
    [hello, 2 ** 40, /must hold 1099511627776 bytes, hold at most 1530$/],
    [[...hello, 0], 5, /must end with its buffer/],
    [hello.slice(0, -1), 5, /must go on to/],
    [hello.slice(0, -4), 5, /must go on to/],
    [[...header(linked), ...block(...last("hello")).slice(0, -1), ...end], 5, /must go on|cut off/],
    [[...header(linked), ...block(0x50, ...text("hell")), ...end], 5, /cut off/],
    [[...header(linked), ...block(...sequence("abc", 3, 4)), ...end], 7, /cut off/],
    [[...header(linked), ...block(0x3f, ...text("abc"), 3, 0, 255), ...end], 300, /cut off/],
    [
      [...header(linked), ...block(...sequence("abc", 4, 4), ...last("")), ...end],
      7,
      /at most 3 bytes, got 4$/,
    ],
    [
      [...header(linked), ...block(...sequence("abc", 0, 4), ...last("")), ...end],
      7,
      /at most 3 bytes, got 0$/,
    ],
    [
      [...header(independent), ...plain("wxyz"), ...block(...sequence("", 4, 4), ...last("")), ...end],
      8,
      /at most 0 bytes, got 4$/,
    ],
    [[...header(linked), ...plain("hello")].with(7 + 3, 0x7f), 5, /must go on to/],
    [[...header(linked), ...end].with(6, 0), 0, /its header must have the checksum 0, got/],
    [[...header(0x80), ...end], 0, /must be of version 1/],
    [[...header(linked | 2), ...end], 0, /must be of version 1/],
    [[...header(linked | 1, small, word(7)), ...end], 0, /wants a dictionary/],
    [[...header(linked, 3), ...end], 0, /must be of size 4 to 7, got 3/],
    [
      [...header(linked | size, small, [...word(6), ...word(0)]), ...plain("hello"), ...end],
      5,
      /must have 5 bytes, but says that it has 6/,
    ],
    [
      [...header(linked | blockSums), ...plain("hello"), ...word(1), ...end],
      5,
      /a block must have the checksum 1, got fb0077f9/,
    ],
    [
      [...header(linked | contentSum), ...plain("hello"), ...end, ...word(1)],
      5,
      /its content must have the checksum 1, got fb0077f9/,
    ],
  ];
  for (const [frame, length, message] of cases) assert.throws(() => decode(frame, length), { message });
});
