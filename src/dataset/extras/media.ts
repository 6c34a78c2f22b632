/** Columns of structs of bytes and a path: pictures, sounds and films as HuggingFace keeps them. */
import type { ExtraKind } from "../../extras.ts";

/** What a column of pictures, sounds or films has in some row. */
export interface FoundMedia {
  readonly hasBytes: boolean;
  /** Told where it has no bytes. */
  readonly hasPaths: boolean;
}

/** As what a column of pictures, sounds or films is an extra: where there are only paths of them, as those. */
export function formOfMedia({ hasBytes, hasPaths }: FoundMedia): ExtraKind {
  return !hasBytes && hasPaths ? "string" : "bytes";
}
