/** Values of rows as JSON holds them, and exactly. */
import type { FieldInfo } from "../fields.ts";
import type { RowValue } from "../read/rows.ts";
import type { StreamStore } from "../store.ts";
import type { CutList, CutText, ExtraBytes, Shown } from "./protocol.ts";

/** A number as JSON has it; else its text: NaN, infinities, -0, integers beyond 2^53. */
export function shownNumber(value: number | bigint): number | string {
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : Object.is(value, -0)
      ? "-0"
      : String(value);
  }
  const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return isSafe ? Number(value) : String(value);
}

/** A field's value in a row; of a list the first `entriesMax`. */
export function shownValue(
  value: RowValue | undefined,
  dtype: FieldInfo["dtype"],
  entriesMax: number,
): Shown | CutList {
  if (value === undefined) return null;
  const show = dtype === "bool" ? (entry: number | bigint) => Boolean(entry) : shownNumber;
  if (typeof value === "number" || typeof value === "bigint") return show(value);
  const entries = Array.from(
    { length: Math.min(value.length, entriesMax) },
    (_, i) => show((value as ArrayLike<number | bigint>)[i]),
  );
  return value.length > entriesMax ? { length: value.length, entries } : entries;
}

const charactersMax = 1000;

/** A row's value of an extra: the beginning of a text, and of bytes what they are. */
export function shownExtra(store: StreamStore, name: string, row: number): Shown | CutText | ExtraBytes {
  const extra = store.extra(name);
  const bytes = bytesOf(store, name, row);
  if (bytes === null) return null;
  if (extra.kind === "bytes") return { byteLength: bytes.length, image: imageType(bytes) !== null };
  // A character has at most 4 bytes. What is left of one that was cut through is not text.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const text = decoder.decode(bytes.subarray(0, 4 * charactersMax), { stream: true });
  const shown = text.length > charactersMax
    ? Array.from(text.slice(0, charactersMax + 1)).slice(0, charactersMax).join("")
    : text;
  const isWhole = shown.length === text.length && bytes.length <= 4 * charactersMax;
  return isWhole ? shown : { text: shown, byteLength: bytes.length };
}

/** Without a copy where the process may view native memory: a value may be far longer than what is shown of it. */
export function bytesOf(store: StreamStore, name: string, row: number): Uint8Array | null {
  const extra = store.extra(name);
  try {
    return extra.bytes(row);
  } catch (error) {
    if ((error as { code?: string }).code !== "windows-not-permitted") throw error;
    const value = extra.get(row);
    return typeof value === "string" ? new TextEncoder().encode(value) : value;
  }
}

/** The beginnings of the formats that every browser shows as pictures, and that hold no script. */
const pictures: readonly (readonly [string, readonly (readonly [number, string])[]])[] = [
  ["image/png", [[0, "\x89PNG\r\n\x1a\n"]]],
  ["image/jpeg", [[0, "\xff\xd8\xff"]]],
  ["image/gif", [[0, "GIF87a"]]],
  ["image/gif", [[0, "GIF89a"]]],
  ["image/webp", [[0, "RIFF"], [8, "WEBP"]]],
];

/** The type of a picture by the bytes that it begins with, or null. */
export function imageType(bytes: Uint8Array): string | null {
  const begins = ([at, magic]: readonly [number, string]) =>
    Array.from(magic).every((character, i) => bytes[at + i] === character.charCodeAt(0));
  return pictures.find(([, magics]) => magics.every(begins))?.[0] ?? null;
}
