import { builtin } from "../native/builtin.ts";
import { StreamStoreError } from "../error.ts";

/** A disk that is full: on which path, how many bytes were wanted (0 where that is not known), and what is free. */
export function storageFull(
  action: string,
  path: string,
  wantedBytes: number,
  cause?: unknown,
): StreamStoreError {
  const wanted = wantedBytes > 0 ? `, ${wantedBytes} bytes wanted` : "";
  return new StreamStoreError(
    "storage-full",
    `${action}: no space is left on the disk of ${path}${wanted}${whatIsFree(path)}`,
    { cause },
  );
}

/** The path, or the folder above it that is there already. */
function existing(path: string): string {
  let there = builtin.path.resolve(path);
  while (!builtin.fs.existsSync(there)) there = builtin.path.dirname(there);
  return there;
}

/** Nothing where the process may not ask. A disk may also have no room for one more file, if it counts them. */
function whatIsFree(path: string): string {
  try {
    const { bavail, bsize, files, ffree } = builtin.fs.statfsSync(existing(path));
    const full = files > 0 && ffree === 0 ? `, none of ${files} files` : "";
    return `, ${bavail * bsize} free${full}`;
  } catch {
    return "";
  }
}
