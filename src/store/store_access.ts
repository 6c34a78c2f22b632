import type { KnownFeatures, LoadedColumn } from "../dataset/known_features.ts";
import type { LoadTarget } from "../dataset/rows.ts";
import type { SaveSource } from "../dataset/save_options.ts";

/** The name under which a store hands out what its own functions work on; nobody outside the library has it. */
export const storeAccess: unique symbol = Symbol("access");

/**
 * A store for functions of the library that are no methods of it.
 *
 * @internal
 */
export interface StoreAccess {
  /** Lets a task append rows over some time, all of them or none. */
  load(action: string, task: (target: LoadTarget) => Promise<readonly LoadedColumn[]>): Promise<void>;
  /** Commits, so that all rows can be read. */
  read(action: string): SaveSource & { readonly known: KnownFeatures };
}
