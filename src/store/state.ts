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
}

/** What a new store is made with, and the ID of one that exists. */
export interface OpenedAs {
  readonly capacity: number;
  readonly id: string | null;
  /** The bytes of a type in its file: 0 where all tokens are of `onlyType`, 1 or 4. */
  readonly typeBytes: number;
  readonly onlyType: number;
}
