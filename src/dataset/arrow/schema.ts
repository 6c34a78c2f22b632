import { Buffer } from "node:buffer";
import type { ArrowField } from "../table/types.ts";
import { decodeHeader } from "./apache_arrow.ts";
import { checkMessage } from "./flatbuffer_check.ts";

/** A schema, as any copy of the library has it. */
export interface ArrowSchema {
  readonly fields: readonly ArrowField[];
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * The schema that the writer of a Parquet file had, which Arrow keeps as a message in base64. Damage, or a type unknown
 * here, is no error: the file's own types tell enough.
 */
export function decodeArrowSchema(text: string | undefined): ArrowSchema | null {
  if (text === undefined) return null;
  try {
    const bytes = Buffer.from(text, "base64");
    const first = bytes.readInt32LE(0);
    // Before 2019 the length stood in front, now -1 does.
    const [start, length] = first === -1 ? [8, bytes.readInt32LE(4)] : [4, first];
    if (!(length > 0 && start + length <= bytes.length)) return null;
    const metadata = bytes.subarray(start, start + length);
    return checkMessage(metadata).kind === "schema" ? decodeHeader<ArrowSchema>(metadata) : null;
  } catch {
    return null;
  }
}
