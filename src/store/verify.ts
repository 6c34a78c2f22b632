import { dataFile } from "./cells.ts";
import type { Connection } from "./connection.ts";
import { extraFile } from "../extras.ts";
import {
  blockRows,
  blocksPerChunk,
  extraCheck,
  extraChunkBytes,
  extraChunkEnds,
  extraEndBytes,
  extraPart,
  extraState,
  storeFiles,
} from "../native/abi.ts";
import { check } from "../native/status.ts";
import { checkOptions } from "../options.ts";
import { isAsSealed, readSeal } from "./seal.ts";
import type { Session } from "./session.ts";

/** A chunk whose bytes are not those that were written. Part of {@linkcode Verification}. */
export interface DamagedChunk {
  /** The file in the store's directory, such as `data.f64`, or `data.f64.00042` in a store made with `retain`. */
  readonly file: string;
  /** Which chunk of the file, from 0. */
  readonly chunk: number;
  /** The rows that it holds parts of, `[from, to)`; all rows where the damage hides which. */
  readonly rows: readonly [number, number];
}

/**
 * What verifying found. Returned by {@linkcode StreamStore.verify}.
 *
 * The checksum is Fletcher's ("An arithmetic checksum for serial transmissions", IEEE Transactions on Communications 30,
 * 1982) with sums of 64 bits: any two flipped bits are found, and any other damage but for one in 2 ** 64.
 */
export interface Verification {
  /** The number of chunks that were looked at, of all files together. */
  readonly chunkCount: number;
  /** Those that do not have their checksum. */
  readonly damaged: readonly DamagedChunk[];
}

/** Options of {@linkcode StreamStore.verify}. */
export interface VerifyOptions {
  /** Called after every chunk with how many chunks are done, and how many there are. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Reads everything, and compares each chunk with its checksum. Lets other work run between chunks. */
export async function verify(session: Session, options: VerifyOptions): Promise<Verification> {
  const { connection } = session;
  session.prepareRead("verify", () => true);
  checkOptions(options, ["onProgress"], "verify");
  const chunks = [...chunksOf(connection), ...extraChunks(connection), ...sealedFiles(session)];
  const damaged: DamagedChunk[] = [];
  for (const [index, { file, chunk, rows, isWhole }] of chunks.entries()) {
    connection.checkOpen("verify");
    if (!isWhole()) damaged.push({ file, chunk, rows: rows() });
    options.onProgress?.(index + 1, chunks.length);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { chunkCount: chunks.length, damaged };
}

/** What is verified at a time. */
interface Chunk {
  readonly file: string;
  readonly chunk: number;
  rows(): readonly [number, number];
  isWhole(): boolean;
}

function chunksOf(connection: Connection): Chunk[] {
  const { tables: { verify }, store } = connection;
  const found = new Uint32Array(1);
  const told = (file: string, code: number) => {
    check(code, `Cannot verify ${file}`);
    return found[0] === 1;
  };
  const ofFiles = storeFiles.flatMap(({ field, count, first, ...known }, number) => {
    const { typeBytes, isSegmented } = connection;
    if (field === "types" && typeBytes === 0) return [];
    const file = field === "types"
      ? typesFile(typeBytes)
      : field === "data"
      ? dataFile(connection.kind)
      : known.file;
    const perChunk = chunkElements(connection, count);
    const firstChunk = Math.floor(connection[first] / perChunk);
    const endChunk = Math.ceil(connection[count] / perChunk);
    return Array.from({ length: endChunk - firstChunk }, (_, index): Chunk => {
      const chunk = firstChunk + index;
      return {
        file: isSegmented ? segmentName(file, chunk) : file,
        chunk,
        rows: () => rowsOf(connection, count, chunk),
        isWhole: () => told(file, verify.ss_chunk_check(store, number, chunk, found)),
      };
    });
  });
  return [
    ...ofFiles,
    ...blockChunks(connection, (chunk) => told("blocks", verify.ss_blocks_check(store, chunk, found))),
  ];
}

/** Of a store that is sealed each file as a whole: also what is damaged where no chunk has a checksum. */
function sealedFiles({ connection: { firstRow, rowCount, id }, directory }: Session): Chunk[] {
  const sealed = directory === null ? null : readSeal(directory, id);
  return (sealed ?? []).map((file) => ({
    file: file.name,
    chunk: 0,
    rows: () => [firstRow, rowCount],
    isWhole: () => isAsSealed(directory!, file),
  }));
}

/** The files of extras, which say themselves which rows a chunk of them is of. */
function extraChunks({ tables, store, extraCount }: Connection): Chunk[] {
  const parts = Object.keys(extraPart) as (keyof typeof extraPart)[];
  const files = Array.from({ length: extraCount }, (_, place) => parts.map((part) => ({ place, part })));
  return files.flat().flatMap(({ place, part }) => {
    const file = extraFile(place, part);
    const state = new Float64Array(extraState.length);
    const told = (code: number) => check(code, `Cannot verify ${file}`);
    told(tables.extras.ss_extra_state(store, place, 0, state));
    const { first, end, perSegment } = extraChunkRange(state, part);
    const found = new Float64Array(extraCheck.length);
    return Array.from({ length: end - first }, (_, index): Chunk => {
      const chunk = first + index;
      return {
        file: perSegment > 0 ? segmentName(file, Math.floor(chunk / perSegment)) : file,
        chunk,
        rows: () => [found[extraCheck.fromRow], found[extraCheck.toRow]],
        isWhole: () => {
          told(tables.extras.ss_extra_check(store, place, extraPart[part], chunk, found));
          return found[extraCheck.isWhole] === 1;
        },
      };
    });
  });
}

/** The chunks that are held, and how many of them a segment has: those of segments that start before what is held go too. */
function extraChunkRange(state: Float64Array, part: keyof typeof extraPart) {
  const isBytes = part === "bytes";
  const chunk = isBytes ? extraChunkBytes : extraChunkEnds;
  const perSegment = isBytes
    ? state[extraState.bytesSegmentBytes] / extraChunkBytes
    : state[extraState.endsSegmentBytes] / (extraEndBytes * extraChunkEnds);
  const held = state[isBytes ? extraState.firstByte : extraState.firstValue] / chunk;
  const end = Math.ceil(state[isBytes ? extraState.byteCount : extraState.valueCount] / chunk);
  const first = perSegment > 0 ? Math.floor(held / perSegment) * perSegment : 0;
  return { first: Math.min(first, end), end, perSegment };
}

/** What is known of blocks of rows is compared with the rows. */
function blockChunks({ rowCount }: Connection, isWhole: (chunk: number) => boolean): Chunk[] {
  const chunkRows = blockRows * blocksPerChunk;
  const closedBlocks = Math.floor(Math.max(0, rowCount - 1) / blockRows);
  return Array.from({ length: Math.ceil(closedBlocks / blocksPerChunk) }, (_, chunk): Chunk => ({
    file: "blocks",
    chunk,
    rows: () => [chunk * chunkRows, Math.min(rowCount, (chunk + 1) * chunkRows)],
    isWhole: () => isWhole(chunk),
  }));
}

/** The file of types, by the bytes of one. */
const typesFile = (typeBytes: number) => typeBytes === 1 ? "type.u8" : "type.i32";

/** The name of the file that has one chunk. */
const segmentName = (file: string, chunk: number) => `${file}.${String(chunk).padStart(5, "0")}`;

function chunkElements({ capacity, capacityMarks }: Connection, count: CountName): number {
  return count === "markCount" ? capacityMarks : capacity;
}

type CountName = (typeof storeFiles)[number]["count"];

function rowsOf(connection: Connection, count: CountName, chunk: number): readonly [number, number] {
  const { tokenCount, rowCount, firstRow, capacity } = connection;
  const all: readonly [number, number] = [firstRow, rowCount];
  if (count === "markCount") return all;
  const from = chunk * capacity;
  if (count === "rowCount") return [Math.max(from, firstRow), Math.min(rowCount, from + capacity)];
  try {
    const first = connection.rowOfToken(Math.max(from, connection.firstToken));
    return [first, connection.rowOfToken(Math.min(tokenCount, from + capacity) - 1) + 1];
  } catch {
    // The row starts are damaged too.
    return all;
  }
}
