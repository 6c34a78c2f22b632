import type { Connection } from "./connection.ts";
import { storeFiles } from "../native/abi.ts";
import { check } from "../native/status.ts";
import { checkOptions } from "../options.ts";
import type { Session } from "./session.ts";

/** A chunk whose bytes are not those that were written. Part of {@linkcode Verification}. */
export interface DamagedChunk {
  /** The file in the store's directory, such as `data.b64`. */
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
  const chunks = storeFiles.flatMap(({ file, count, chunkElements }, number) => {
    const perChunk = chunkElements > 0 ? chunkElements : connection.capacity;
    const chunkCount = Math.ceil(connection[count] / perChunk);
    return Array.from({ length: chunkCount }, (_, chunk) => ({ file, count, number, chunk }));
  });
  const damaged: DamagedChunk[] = [];
  const isWhole = new Uint32Array(1);
  for (const [index, { file, count, number, chunk }] of chunks.entries()) {
    connection.checkOpen("verify");
    const code = connection.tables.verify.ss_chunk_check(connection.store, number, chunk, isWhole);
    check(code, `Cannot verify ${file}`);
    if (isWhole[0] === 0) damaged.push({ file, chunk, rows: rowsOf(connection, count, chunk) });
    options.onProgress?.(index + 1, chunks.length);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { chunkCount: chunks.length, damaged };
}

type CountName = (typeof storeFiles)[number]["count"];

function rowsOf(connection: Connection, count: CountName, chunk: number): readonly [number, number] {
  const { tokenCount, rowCount, capacity } = connection;
  const all: readonly [number, number] = [0, rowCount];
  if (count === "markCount") return all;
  const from = chunk * capacity;
  if (count === "rowCount") return [from, Math.min(rowCount, from + capacity)];
  try {
    const first = connection.rowOfToken(Math.max(from, connection.firstToken));
    return [first, connection.rowOfToken(Math.min(tokenCount, from + capacity) - 1) + 1];
  } catch {
    // The row starts are damaged too.
    return all;
  }
}
