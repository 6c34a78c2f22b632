/** Opens a store that may be damaged, verifies it and reads everything there is. */
import { createHash, type Hash } from "node:crypto";
import { StreamStore, StreamStoreError } from "../../mod.ts";

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
  const last = store.rowCount > 0 ? store.row(store.rowCount - 1).step : 0;
  const name = store.fields[0].name;
  store.append(BigInt(last) + 1n, { [name]: 1 });
  const value = store.row(store.rowCount - 1)[name];
  if ((typeof value === "object" ? value[0] : value) !== 1) {
    throw new UnexpectedError("what was appended is not there");
  }
}

function closeQuietly(store: StreamStore): void {
  try {
    store.close();
  } catch (error) {
    codeOf("close", error);
  }
}

const ways: Readonly<Record<string, (store: StreamStore, hash: Hash) => void>> = {
  window(store, hash) {
    const { steps, types, bits } = store.window(0, store.length);
    hash.update(steps).update(types).update(bits);
  },
  gather(store, hash) {
    const length = Math.min(10, store.length);
    const starts = Array.from({ length: 20 }, (_, i) => Math.floor((store.length - length) * i / 20));
    const { values, types, steps } = store.gather(starts, length);
    hash.update(values).update(types).update(steps);
  },
  get(store, hash) {
    const { values, types, steps } = store.get(Array.from({ length: store.length }, (_, i) => i));
    hash.update(values).update(types).update(steps);
  },
  rows(store, hash) {
    for (const row of store.rows()) hashRow(hash, row);
  },
  row(store, hash) {
    for (let index = 0; index < store.rowCount; index += 7) hashRow(hash, store.row(index));
  },
  column(store, hash) {
    for (const { name } of store.fields) {
      const { values, width, offsets } = store.column(name);
      hash.update(`${name} ${width}`).update(values as Float64Array);
      if (offsets !== null) hash.update(offsets);
    }
  },
  find(store, hash) {
    for (let step = 0; step < 70; step += 3) hash.update(`${store.rowOfStep(step)},`);
    for (let token = 0; token < store.length; token += 11) hash.update(`${store.rowOfToken(token)},`);
  },
  sessions(store, hash) {
    hash.update(store.sessions.join());
  },
  fields(store, hash) {
    hash.update(JSON.stringify(store.fields));
  },
};

function hashRow(hash: Hash, row: object): void {
  for (const [name, value] of Object.entries(row)) {
    hash.update(name);
    hash.update(ArrayBuffer.isView(value) ? value as Float64Array : String(value));
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
