/**
 * LZ4 as Arrow's buffers have it: one frame a buffer, which is a header and blocks. Nothing in it is taken for true: what
 * a length or a distance says beyond what there is, is an error.
 *
 * By hand, as no library would do: lz4js checks neither bounds nor checksums, @foxglove/wasm-lz4 refuses all frames after
 * one that it has refused, and wants Deno's permission to read the environment, lz4-wasm knows blocks only, and those of
 * hyparquet-compressors may not go back to the ones before and are filled up with zeros where they are cut off.
 *
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
import { xxh32 } from "./xxh32.ts";

const magic = 0x184d2204;
const flags = {
  independent: 0x20,
  blockChecksum: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  dictionary: 1,
};
/** A block's size has its top bit set where the block is not compressed. */
const plainBlock = 0x80000000;

/** By which a compressed block is shorter at most: a byte that goes on with a length stands for 255 others. */
export const lz4RatioMax = 255;

/** The content of a frame, which must have so many bytes and nothing behind it. */
export function decompressLz4Frame(frame: Uint8Array, length: number): Uint8Array {
  const blocks = readFrame(frame);
  const most = blocks.parts.reduce((sum, part) => sum + mostOf(part, blocks.blockMax), 0);
  if (length > most) throw new Error(`its blocks must hold ${length} bytes, hold at most ${most}`);
  if (blocks.contentSize !== null && blocks.contentSize !== BigInt(length)) {
    throw new Error(`it must have ${length} bytes, but says that it has ${blocks.contentSize}`);
  }
  const content = new Uint8Array(length);
  let at = 0;
  for (const { bytes, isPlain } of blocks.parts) {
    const end = Math.min(length, at + blocks.blockMax);
    const first = blocks.areIndependent ? at : 0;
    at = isPlain ? copyBlock(bytes, content, at, end) : decodeBlock(bytes, content, at, end, first);
  }
  if (at !== length) throw new Error(`it must have ${length} bytes, has ${at}`);
  if (blocks.checksum !== null) compare("its content", blocks.checksum, xxh32(content));
  return content;
}

interface Block {
  readonly bytes: Uint8Array;
  readonly isPlain: boolean;
}

interface Frame {
  readonly parts: readonly Block[];
  /** The most bytes that a block has when it is decompressed. */
  readonly blockMax: number;
  /** Whether no block goes back to the content of those before. */
  readonly areIndependent: boolean;
  readonly contentSize: bigint | null;
  readonly checksum: number | null;
}

function readFrame(frame: Uint8Array): Frame {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 7 || view.getUint32(0, true) !== magic) throw new Error("it must be a frame of LZ4");
  const [flag, descriptor] = [frame[4], frame[5]];
  if (flag >> 6 !== 1 || flag & 2 || descriptor & 0x8f) {
    throw new Error(`a frame's header must be of version 1, got ${flag} and ${descriptor}`);
  }
  if (flag & flags.dictionary) throw new Error("a frame must be whole in itself, but wants a dictionary");
  const sizeCode = descriptor >> 4;
  if (sizeCode < 4) throw new Error(`a frame's blocks must be of size 4 to 7, got ${sizeCode}`);
  const reader = new Reader(view, 6);
  const contentSize = flag & flags.contentSize ? reader.bigint() : null;
  const headerChecksum = xxh32(frame.subarray(4, reader.at)) >>> 8 & 0xff;
  compare("its header", reader.byte(), headerChecksum);
  const parts: Block[] = [];
  for (let size = reader.integer(); size !== 0; size = reader.integer()) {
    const isPlain = size >= plainBlock;
    const bytes = reader.bytes(isPlain ? size - plainBlock : size);
    if (flag & flags.blockChecksum) compare("a block", reader.integer(), xxh32(bytes));
    parts.push({ bytes, isPlain });
  }
  const checksum = flag & flags.contentChecksum ? reader.integer() : null;
  if (reader.at !== frame.length) {
    throw new Error(`a frame must end with its buffer, at ${frame.length}, but ends at ${reader.at}`);
  }
  return {
    parts,
    blockMax: 2 ** (8 + 2 * sizeCode),
    areIndependent: (flag & flags.independent) !== 0,
    contentSize,
    checksum,
  };
}

class Reader {
  constructor(private readonly view: DataView, public at: number) {}

  byte(): number {
    return this.view.getUint8(this.#take(1));
  }

  integer(): number {
    return this.view.getUint32(this.#take(4), true);
  }

  bigint(): bigint {
    return this.view.getBigUint64(this.#take(8), true);
  }

  bytes(count: number): Uint8Array {
    const start = this.#take(count);
    return new Uint8Array(this.view.buffer, this.view.byteOffset + start, count);
  }

  #take(count: number): number {
    const start = this.at;
    if (start + count > this.view.byteLength) {
      throw new Error(`a frame must go on to ${start + count}, but ends at ${this.view.byteLength}`);
    }
    this.at += count;
    return start;
  }
}

function compare(what: string, expected: number, found: number): void {
  if (found === expected) return;
  throw new Error(`${what} must have the checksum ${expected.toString(16)}, got ${found.toString(16)}`);
}

/** How many bytes a block can hold at most. */
function mostOf({ bytes, isPlain }: Block, blockMax: number): number {
  return Math.min(blockMax, isPlain ? bytes.length : lz4RatioMax * bytes.length);
}

function copyBlock(bytes: Uint8Array, content: Uint8Array, at: number, end: number): number {
  if (at + bytes.length > end) throw tooMany(end);
  content.set(bytes, at);
  return at + bytes.length;
}

/** Up to so many bytes a loop is faster than a call. */
const shortCopy = 32;

/**
 * Decompresses a block behind `at` and returns where it ends, which must not be behind `end`. Matches may begin at `first`
 * and later.
 */
function decodeBlock(block: Uint8Array, content: Uint8Array, at: number, end: number, first: number): number {
  let next = 0;
  while (true) {
    if (next >= block.length) throw cutOff();
    const token = block[next++];
    let literals = token >> 4;
    if (literals === 15) {
      const more = furtherLength(block, next);
      literals += more;
      next += lengthBytes(more);
    }
    if (next + literals > block.length) throw cutOff();
    if (at + literals > end) throw tooMany(end);
    if (literals <= shortCopy) {
      for (let i = 0; i < literals; i++) content[at + i] = block[next + i];
    } else {
      content.set(block.subarray(next, next + literals), at);
    }
    next += literals;
    at += literals;
    // The last sequence has literals only.
    if (next === block.length) return at;
    if (next + 2 > block.length) throw cutOff();
    const distance = block[next] | block[next + 1] << 8;
    next += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      const more = furtherLength(block, next);
      length += more;
      next += lengthBytes(more);
    }
    if (distance === 0 || at - distance < first) {
      throw new Error(`a block must go back at most ${at - first} bytes, got ${distance}`);
    }
    if (at + length > end) throw tooMany(end);
    copyMatch(content, at, distance, length);
    at += length;
  }
}

/** What bytes add to a length; one of 255 goes on with the next. */
function furtherLength(block: Uint8Array, start: number): number {
  let length = 0;
  for (let at = start; at < block.length; at++) {
    length += block[at];
    if (block[at] < 255) return length;
  }
  throw cutOff();
}

function lengthBytes(furtherLength: number): number {
  return Math.floor(furtherLength / 255) + 1;
}

/** What was just copied is part of what is copied, where the distance is shorter than the match. */
function copyMatch(content: Uint8Array, at: number, distance: number, length: number): void {
  if (length <= shortCopy) {
    for (let i = at; i < at + length; i++) content[i] = content[i - distance];
    return;
  }
  for (let done = 0; done < length;) {
    const count = Math.min(distance + done, length - done);
    content.copyWithin(at + done, at - distance, at - distance + count);
    done += count;
  }
}

function cutOff(): Error {
  return new Error("a block must end with its last bytes, but is cut off");
}

function tooMany(end: number): Error {
  return new Error(`its blocks must hold at most ${end} bytes up to there, but hold more`);
}
