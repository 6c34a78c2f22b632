/** What the native library tells of an open store, and what it takes to open one. */
import { type Field, tokenForm } from "../fields.ts";
import { storeOptions, type storeState } from "../native/abi.ts";
import { pack } from "../native/arguments.ts";

/** What the native library tells of an open store, and what it takes to open one. */

/**
 * What opening a store found. All numbers are 0 where the last writer had closed it, and in a temporary store.
 * Returned by {@linkcode StreamStore.recovery}.
 */
export interface Recovery {
  /**
   * Tokens that were in the tail and not yet in the columns, because the writer was not closed. They are in the store
   * now.
   */
  readonly recoveredTokens: number;
  /** The rows of those tokens. */
  readonly recoveredRows: number;
  /** Tokens that were committed but did not survive a failure of the system. They are lost. */
  readonly cutTokens: number;
  /** The rows of those tokens. */
  readonly cutRows: number;
  /** Writes of one field at one step, in a tail that cannot be trusted after such a failure. They are lost. */
  readonly cutWrites: number;
}

/** What the tail may take: no more than it is large, and no more than disk space is reserved for. */
export interface Room {
  readonly records: number;
  readonly values: number;
  /** Records that say what tokens cannot. */
  readonly marks: number;
  /** Records that become values of extras, and the words that stand for them. */
  readonly extraValues: number;
  readonly extraWords: number;
}

/** A number of the state that the library tells, by its name. */
export type ReadState = (name: keyof typeof storeState) => number;

export function roomOf(read: ReadState): Room {
  return {
    records: read("roomRecords"),
    values: read("roomValues"),
    marks: read("roomMarks"),
    extraValues: read("roomExtraValues"),
    extraWords: read("roomExtraWords"),
  };
}

export function recoveryOf(read: ReadState): Recovery {
  return {
    recoveredTokens: read("recoveredTokens"),
    recoveredRows: read("recoveredRows"),
    cutTokens: read("cutTokens"),
    cutRows: read("cutRows"),
    cutWrites: read("cutRecords"),
  };
}

/** The chunk by which a store's files grow, in tokens, and whether each has files of its own. */
export interface Chunk {
  readonly capacity: number;
  readonly isSegmented: boolean;
  /** MiB of a file of an extra's bytes, where each chunk has files of its own: 16 where nothing is said. */
  readonly segmentChunks?: number;
}

/** What a new store is made with, or is known of one that exists. */
export interface OpenedAs {
  readonly fields: readonly Field[];
  /** Of a new one. */
  readonly chunk?: Chunk;
  /** Of a new one whose chunks have files of their own: where its stream begins. */
  readonly origin?: Origin;
  readonly id?: string | null;
  readonly extraCount?: number;
}

/** What a new store is made with. */
export type MadeWith = Required<Omit<OpenedAs, "id" | "origin">> & Pick<OpenedAs, "origin">;

/** The first row that a store will hold, and its first token: it is a copy of one that has dropped what comes before. */
export interface Origin {
  readonly row: number;
  readonly token: number;
}

/** Sizes of the tail, 1 MiB in all: half as much costs a flush a fifth more a step, twice as much gains nothing. */
const tailRecordsMax = 32 * 1024;
const tailValuesMax = 64 * 1024;
/** For extras as much again, in words of 8 bytes: 8,000 steps with a short text each. */
const tailExtraWordsMax = 128 * 1024;

/**
 * Addresses a column reserves at first, in tokens. More than 4 GiB a column, so that no engine clones a buffer over
 * it; little enough that two thousand stores fit a 47-bit address space. A larger stream moves to a larger reservation.
 */
const reservedTokens = 2 ** 31;

/** Chunks of a segment of an extra's bytes. Smaller ones could be too many for the maps that a process may have. */
export const segmentChunks = 16;

/** What a store is opened with, as the native library takes it. */
export function packOptions({ chunk, fields, extraCount = 0, origin }: OpenedAs): Float64Array {
  return pack(storeOptions, {
    capacityTokens: chunk?.capacity ?? 1,
    tailRecordsMax,
    tailValuesMax,
    reservedElements: reservedTokens,
    isSegmented: chunk?.isSegmented === true ? 1 : 0,
    segmentChunks: chunk?.segmentChunks ?? segmentChunks,
    ...tokenForm(fields),
    extraCount,
    tailExtraWordsMax,
    firstRow: origin?.row ?? 0,
    firstToken: origin?.token ?? 0,
  });
}
