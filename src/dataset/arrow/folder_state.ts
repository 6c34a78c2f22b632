import { checksumOf, digitsOf } from "./checksum.ts";

/** A file of a folder as its `state.json` lists it. HuggingFace's own library takes the name, and passes over the rest. */
export interface ListedFile {
  readonly filename: string;
  /** The checksum of the file's last message. */
  readonly crc32: string;
}

/** The key of the list's own checksum. */
export const listChecksumKey = "_streamstore_crc32";

/** The checksum of a list of files, however it is laid out in the JSON. */
export function listChecksum(files: unknown): string {
  return digitsOf(checksumOf(new TextEncoder().encode(JSON.stringify(files)), 0));
}
