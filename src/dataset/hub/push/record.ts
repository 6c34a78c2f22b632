import { builtin } from "../../../native/builtin.ts";
import { replaceFile, systemError } from "../../../store/durable_file.ts";

/** A file of a split, and the hash by which it is known whether it is still the same. */
export interface Shard {
  readonly path: string;
  readonly byteLength: number;
  /** SHA-256 of a large file, the git blob's SHA-1 of another. */
  readonly id: string;
}

/** Where a split is. */
export interface PushTarget {
  readonly endpoint: string;
  readonly repository: string;
  readonly branch: string;
  readonly config: string;
  readonly split: string;
}

/** That the first rows of a store are what a split has. */
export interface PushRecord extends PushTarget {
  /** Rows of the stream that are at the Hub, counted from its first. */
  readonly rows: number;
  /** Tokens of these rows: a row that was written on since has more. */
  readonly tokens: number;
  /** How much the last of them has besides tokens, empty lists and extras; not there where an older version noted the push. */
  readonly lastRowMarks?: number;
  /** Rows of the split; fewer than `rows` where the store had dropped some. */
  readonly remoteRows: number;
  /** What HuggingFace calls the split's `num_bytes`; null where nobody said it. */
  readonly memoryBytes: number | null;
  readonly shards: readonly Shard[];
}

/**
 * What was pushed from a store or loaded into it, newest first: `hub.json` beside its `store.json`, and in memory for a
 * temporary store. There may be two for a split: what is about to be pushed is noted too, in case that the commit is made
 * and nobody is left to note it. The split's own files tell which of them holds.
 */
export class PushRecords {
  constructor(private readonly directory: string | null, private readonly store: object) {}

  find(target: PushTarget): PushRecord[] {
    return this.#read().filter((record) => isSame(record, target));
  }

  /** Notes a push that may or may not come to be. */
  add(record: PushRecord): void {
    this.#write([record, ...this.#read()]);
  }

  /** Notes a push that is done: nothing older of the split holds any more. */
  settle(record: PushRecord): void {
    this.#write([record, ...this.#read().filter((other) => !isSame(other, record))]);
  }

  #read(): PushRecord[] {
    if (this.directory === null) return [...(temporary.get(this.store) ?? [])];
    try {
      const pushes: unknown = JSON.parse(builtin.fs.readFileSync(this.#path(), "utf8"))?.pushes;
      return Array.isArray(pushes) ? pushes.filter(isRecord) : [];
    } catch (error) {
      // A file that was damaged only means that it is not known what was pushed.
      if (error instanceof SyntaxError || (error as { code?: string }).code === "ENOENT") return [];
      throw systemError(error, `Cannot read ${this.#path()}`, this.#path());
    }
  }

  #write(pushes: readonly PushRecord[]): void {
    if (this.directory === null) {
      temporary.set(this.store, pushes);
      return;
    }
    const path = this.#path();
    const text = JSON.stringify({ pushes }, null, 2) + "\n";
    replaceFile(path, `Cannot write ${path}`, [new TextEncoder().encode(text)]);
  }

  #path(): string {
    return builtin.path.join(this.directory!, "hub.json");
  }
}

const temporary = new WeakMap<object, readonly PushRecord[]>();

function isSame(left: PushTarget, right: PushTarget): boolean {
  const keys = ["endpoint", "repository", "branch", "config", "split"] as const;
  return keys.every((key) => left[key] === right[key]);
}

function isRecord(value: unknown): value is PushRecord {
  const { rows, tokens, lastRowMarks = 0, remoteRows, memoryBytes, shards } = (value ?? {}) as Partial<
    PushRecord
  >;
  return [rows, tokens, lastRowMarks, remoteRows, memoryBytes ?? 0].every((number) =>
    Number.isSafeInteger(number) && number! >= 0
  ) &&
    Array.isArray(shards) &&
    shards.every((shard) => typeof shard?.path === "string" && typeof shard.id === "string");
}
