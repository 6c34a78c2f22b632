import { isUtf8 } from "node:buffer";
import type { ExtraRows } from "../../append/extra_rows.ts";
import { ExtraError } from "./pieces.ts";

/** Throws for a value that is no UTF-8. */
export function checkText({ lengths, bytes }: ExtraRows, firstRow: number): void {
  // Of all as one it is UTF-8, and each value begins where a character does: so each is. That takes a look at each value
  // less, of which a column of short ones has many.
  if (isUtf8(bytes) && areCharacters(lengths, bytes)) return;
  let at = 0;
  for (let row = 0; row < lengths.length; row++) {
    const length = Math.max(0, lengths[row]);
    if (!isUtf8(bytes.subarray(at, at + length))) {
      throw new ExtraError(firstRow + row, "UTF-8", `${hexOf(bytes.subarray(at, at + length))}`);
    }
    at += length;
  }
}

function areCharacters(lengths: Int32Array, bytes: Uint8Array): boolean {
  let at = 0;
  for (let row = 0; row < lengths.length; row++) {
    if (lengths[row] <= 0) continue;
    // Bytes that go on with a character are 10xxxxxx.
    if ((bytes[at] & 0xc0) === 0x80) return false;
    at += lengths[row];
  }
  return true;
}

const shownMax = 16;

/** The bytes from the first on that is none of ASCII's, as an error shows them. */
function hexOf(bytes: Uint8Array): string {
  const first = Math.max(0, bytes.findIndex((byte) => byte >= 0x80));
  const shown = bytes.subarray(first, first + shownMax);
  const hex = Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `the bytes ${hex}${first + shownMax < bytes.length ? " …" : ""} at ${first}`;
}
