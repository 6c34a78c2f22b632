/** Opens a store that may be damaged, verifies it and reads everything there is. */
import { createHash, type Hash } from "node:crypto";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { ways } from "./ways.ts";

/** What came of it: the error of the opening, or else what verifying said and what each way of reading gave. */
export interface Outcome {
  readonly opened: string;
  readonly isWhole: boolean;
  /** By way of reading: a digest of what was read, or the error's code. */
  readonly read: Readonly<Record<string, string>>;
}

/** An error that no damage may cause: one without a code, as from a wrong access in this library. */
export class UnexpectedError extends Error {}

type Mode = "append" | "read";

/** `table`: whether toDataset, which is slow, is read too. */
export async function checkStore(path: string, mode: Mode, table: boolean): Promise<Outcome> {
  let store: StreamStore;
  try {
    store = StreamStore.open(path, { mode });
  } catch (error) {
    return { opened: codeOf("open", error), isWhole: false, read: {} };
  }
  try {
    const isWhole = await verify(store);
    const read: Record<string, string> = {};
    for (const [way, all] of Object.entries(ways)) read[way] = digest(way, (hash) => all(store, hash));
    if (table) read.table = await tableDigest(store);
    if (mode === "append" && isWhole) goOn(store);
    return { opened: "ok", isWhole, read };
  } finally {
    closeQuietly(store);
  }
}

async function verify(store: StreamStore): Promise<boolean> {
  try {
    return (await store.verify()).damaged.length === 0;
  } catch (error) {
    codeOf("verify", error);
    return false;
  }
}

/** A whole store can be appended to. */
function goOn(store: StreamStore): void {
  const last = store.rowCount > store.firstRow ? store.row(store.rowCount - 1).step : 0;
  const name = store.fields[0].name;
  store.append(BigInt(last) + 1n, { [name]: 1 });
  const value = store.row(store.rowCount - 1)[name];
  if ((typeof value === "object" ? value[0] : value) !== 1) {
    throw new UnexpectedError("what was appended is not there");
  }
}

/**
 * What opening it to salvage shows: by the number of each row its values, without what marks alone tell: empty lists, and
 * that the values of a field are lists. None where it cannot be opened.
 */
export function salvageRows(path: string): Map<number, string> {
  let store: StreamStore;
  try {
    store = StreamStore.open(path, { mode: "read", salvage: true });
  } catch (error) {
    codeOf("salvage", error);
    return new Map();
  }
  try {
    return new Map(store.rows().map((row, index) => [store.firstRow + index, valuesOf(row)]));
  } catch (error) {
    codeOf("salvage", error);
    return new Map();
  } finally {
    closeQuietly(store);
  }
}

function valuesOf(row: object): string {
  const lists = Object.entries(row).map(([name, value]) => {
    if (name === "extra") return [name, JSON.stringify(value)];
    return [name, ...(ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : [value])];
  });
  return lists.filter(({ length }) => length > 1).join(" ");
}

function closeQuietly(store: StreamStore): void {
  try {
    store.close();
  } catch (error) {
    codeOf("close", error);
  }
}

function digest(way: string, read: (hash: Hash) => void): string {
  const hash = createHash("md5");
  try {
    read(hash);
  } catch (error) {
    return codeOf(way, error);
  }
  return hash.digest("hex");
}

async function tableDigest(store: StreamStore): Promise<string> {
  try {
    const table = await store.toDataset();
    const text = JSON.stringify(
      table.toArray(),
      (_, value) => typeof value === "bigint" ? `${value}n` : value,
    );
    return createHash("md5").update(text).digest("hex");
  } catch (error) {
    return codeOf("toDataset", error);
  }
}

/** The error in a word. */
function codeOf(way: string, error: unknown): string {
  if (error instanceof StreamStoreError && error.code !== "internal") return `error ${error.code}`;
  if (error instanceof RangeError && error.message.startsWith("Cannot ")) return "error RangeError";
  throw new UnexpectedError(`${way}: ${(error as Error).stack}`, { cause: error });
}
