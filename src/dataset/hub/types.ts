import type { ByteSource } from "../files/byte_source.ts";

/** What the Hub client and the code that reads and writes Parquet say to each other. */

/** A file of a listing. */
export interface ListedFile {
  readonly path: string;
  readonly byteLength: number;
  /** By which it is known whether it is still the same: of a large file the SHA-256, of another git's SHA-1. */
  readonly id: string;
  readonly isLarge: boolean;
}

/** A Parquet file of a split that was written to be pushed. */
export interface LocalShard {
  /** Of the file. It is read until the next shard is asked for, and may be deleted then. */
  readonly path: string;
  readonly rowCount: number;
  /** What the rows take in memory, as Arrow has them; HuggingFace calls it `num_bytes`. */
  readonly memoryBytes: number;
}

/** Rows that are to be pushed. */
export interface PushSource {
  /** The store's directory, beside whose `store.json` it is remembered what was pushed; null for a temporary store. */
  readonly directory: string | null;
  /** Stands for the store: where a temporary one's pushes are remembered. */
  readonly store: object;
  /** Rows in the stream, those that were dropped included. */
  readonly rowCount: number;
  /** The first row that is still there. */
  readonly firstRow: number;
  /** Tokens in the stream before a row, those that were dropped included; `rowCount` is allowed too. */
  tokensBefore(row: number): number;
  /** How much a row has that its tokens do not say, such as empty lists. */
  marksOf(row: number): number;
  /** The features of all columns, as HuggingFace's JSON has them; null where a column has none. */
  readonly features: Readonly<Record<string, unknown>> | null;
  /** Writes rows to Parquet files of at most some 500 MB, and deletes each when the next is asked for. At least one. */
  writeShards(from: number, to: number): AsyncIterable<LocalShard>;
  /** Throws unless the rows fit behind those of a shard that is there: the README may not say what its columns are. */
  checkShard?(shard: ByteSource): Promise<void>;
  /** Makes the rows durable: what is noted as pushed must not be lost here. */
  sync?(): void;
}

/** How far a transfer is. Part of {@linkcode HubOptions}. */
export interface HubProgress {
  /** Which way it goes. */
  readonly kind: "download" | "upload";
  /** The path in the repository. */
  readonly path: string;
  /** Bytes of this file that came or went so far. Of a download only some columns may be wanted. */
  readonly bytes: number;
  /** The file's size. */
  readonly byteLength: number;
}

/** How often and how long is tried what failed for a reason that passes. Part of {@linkcode HubOptions}. */
export interface RetryOptions {
  /** Tries in all, at least 1; 5 by default. What brings a download forward counts as a new first. */
  readonly attempts?: number;
  /** Seconds before the second try, at least 0, twice as long before each further one; 1 by default. */
  readonly pauseSeconds?: number;
  /** After so many seconds without a byte, more than 0 of them, a request counts as failed; 60 by default. */
  readonly timeoutSeconds?: number;
}

/**
 * What all that talks to the Hub takes. Part of {@linkcode HubLoadOptions}, {@linkcode HubSaveOptions} and
 * {@linkcode LoadLeRobotOptions}.
 */
export interface HubOptions {
  /** Without one HF_TOKEN, and then what `hf auth login` saved; null or "" for none. It is sent to the endpoint only. */
  readonly token?: string | null;
  /** The Hub's address; without it HF_ENDPOINT, and then https://huggingface.co. */
  readonly endpoint?: string;
  /** Ends the work: what was called rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called again and again while files come and go; there is no bar then. */
  readonly onProgress?: (progress: HubProgress) => void;
  /** False for no bar. By default there is one while files come and go, if the error output is a terminal. */
  readonly progress?: boolean;
  /** What is tried again. */
  readonly retry?: RetryOptions;
}

/**
 * Options of loading from the Hub. It throws a `StreamStoreError` if the Hub refuses (`permission-denied`) or fails
 * (`input-output`). Part of {@linkcode LoadDatasetOptions}.
 */
export interface HubLoadOptions extends HubOptions {
  /** A branch, a tag, or a commit by its ID or the begin of it; `main` by default. */
  readonly revision?: string;
  /** Which of the README's configs. Not needed where there is one, or one is the default. */
  readonly config?: string;
}

/**
 * Options of saving to the Hub. It throws a `StreamStoreError` without a token that may write (`permission-denied`), if
 * other splits have other columns (`fields-differ`), if an `append` finds another dataset than its last push left
 * (`diverged`), or if the Hub fails (`input-output`). Part of {@linkcode SaveDatasetOptions}.
 */
export interface HubSaveOptions extends HubOptions {
  /** The branch; `main` by default. It is made if it is not there. */
  readonly revision?: string;
  /** Which config of the README the split is of; `default` by default. */
  readonly config?: string;
  /** Whether a repository that is made is private. */
  readonly private?: boolean;
  /** What the commit says. */
  readonly commitMessage?: string;
  /**
   * Uploads only the rows that are new since this store last pushed or loaded the split, and keeps the shards that are
   * there. Where there is no such split, all rows are pushed. One that others have changed since, or that this store
   * has neither pushed nor loaded, is an error (`diverged`).
   */
  readonly append?: boolean;
}

/** What a push did. */
export interface Pushed {
  /** The commit that now has the rows, made by this push unless all was there before. */
  readonly commit: string;
  /** Paths of the split's shards. */
  readonly shards: readonly string[];
  /** Rows that were written to new shards. */
  readonly newRows: number;
  /** Bytes that were uploaded; what the Hub had already is not. */
  readonly uploadedBytes: number;
}
