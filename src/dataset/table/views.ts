/** Bytes and views of Arrow: a view is a length, and the bytes themselves where they are few, else where they are. */
import type { ArrowData } from "./types.ts";

const noBytes = new Uint8Array(0);

/** The bytes that a column's values stand in. */
export function bytesOf({ values }: ArrowData): Uint8Array {
  // A column without rows may have no buffers.
  if (values === undefined || values === null) return noBytes;
  return new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
}

const viewBytes = 16;
const inlineMax = 12;

/** The values of a column of views that are not null. */
export function viewsOf(data: ArrowData): (row: number) => Uint8Array {
  const bytes = bytesOf(data);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const buffers = data.variadicBuffers ?? [];
  return (row) => {
    const at = row * viewBytes;
    const length = view.getInt32(at, true);
    if (length >= 0 && length <= inlineMax) return bytes.subarray(at + 4, at + 4 + length);
    const [place, start] = [view.getInt32(at + 8, true), view.getInt32(at + 12, true)];
    const buffer = buffers[place];
    if (length >= 0 && start >= 0 && buffer !== undefined && start + length <= buffer.length) {
      return buffer.subarray(start, start + length);
    }
    throw new Error(
      `views must lie within the buffers of their column, got ${length} bytes from ${start} of ${place}`,
    );
  };
}
