import { builtin } from "./builtin.ts";
import { StreamStoreError } from "./error.ts";

/** A disk that is full: on which path, how many bytes were wanted (0 where that is not known), and how many are free. */
export function storageFull(action: string, path: string, wantedBytes: number): StreamStoreError {
  const wanted = wantedBytes > 0 ? `, ${wantedBytes} bytes wanted` : "";
  return new StreamStoreError(
    "storage-full",
    `${action}: no space is left on the disk of ${path}${wanted}${freeBytes(path)}`,
  );
}

/** Nothing where the process may not ask. */
function freeBytes(path: string): string {
  try {
    const { bavail, bsize } = builtin.fs.statfsSync(path);
    return `, ${bavail * bsize} free`;
  } catch {
    return "";
  }
}
