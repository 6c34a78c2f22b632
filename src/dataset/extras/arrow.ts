/** Columns of Arrow as extras. */
import { type Data, Type } from "apache-arrow";
import type { ExtraRows } from "../../append/extra_rows.ts";
import { isSet } from "../table/bitmaps.ts";
import { validityOf } from "../table/numbers.ts";
import { type ArrowData, type ArrowType, nullTypeId } from "../table/types.ts";
import { bytesOf, viewsOf } from "../table/views.ts";
import { presentText } from "../text/write/cell_text.ts";
import type { ExtraLayout } from "./features.ts";
import type { FoundMedia } from "./media.ts";
import { checkLength, ExtraError, rowsOfValues } from "./pieces.ts";

/** Types by what they are as extras. Views, and bytes of one length, go out as the plain ones. */
const layouts: ReadonlyMap<number, ExtraLayout> = new Map<number, ExtraLayout>([
  [Type.Utf8, "string"],
  [Type.Utf8View, "string"],
  [Type.LargeUtf8, "large_string"],
  [Type.Binary, "binary"],
  [Type.BinaryView, "binary"],
  [Type.FixedSizeBinary, "binary"],
  [Type.LargeBinary, "large_binary"],
]);

/** How a column of a type can be kept; null where it is no extra. */
export function layoutOfArrow(type: ArrowType): ExtraLayout | null {
  if (type.typeId === Type.Dictionary) return layoutOfArrow(type.dictionary as ArrowType);
  const plain = layouts.get(type.typeId);
  if (plain !== undefined) return plain;
  return isMedia(type) ? "media" : null;
}

/** Where a struct of bytes and a path has them, as HuggingFace keeps what it names Image, Audio and Video. */
function mediaPlaces({ children }: ArrowType): { readonly bytes: number; readonly path: number } | null {
  if (children?.length !== 2) return null;
  const bytes = children.findIndex(({ name }) => name === "bytes");
  const path = children.findIndex(({ name }) => name === "path");
  if (bytes < 0 || path < 0) return null;
  const isHeld = (place: number, text: boolean) => {
    const { type } = children[place];
    const layout = layouts.get(type.typeId);
    return type.typeId === nullTypeId || layout !== undefined && layout.endsWith("string") === text;
  };
  return isHeld(bytes, false) && isHeld(path, true) ? { bytes, path } : null;
}

/** The JSON of each value of a piece of a column, whatever it holds of numbers and text; null stays null. */
export function jsonRows(data: ArrowData): ExtraRows {
  const { length } = data;
  if (data.type.typeId === nullTypeId) return arrowRows(data, true);
  const text = presentText(data as unknown as Data);
  const validity = validityOf(data);
  return rowsOfValues(Array.from({ length }, (_, row) => {
    if (validity !== null && !isSet(validity, row)) return null;
    try {
      return encoder.encode(text(row));
    } catch {
      throw new ExtraError(row, "JSON, of texts in UTF-8", "other bytes");
    }
  }));
}

const encoder = new TextEncoder();

/** The values of a piece of a column. Of a struct those are its bytes, or, as text, its paths. */
export function arrowRows(data: ArrowData, isText: boolean): ExtraRows {
  const { type, length } = data;
  if (type.typeId === nullTypeId) return { lengths: new Int32Array(length).fill(-1), bytes: noBytes };
  if (data.dictionary !== undefined && data.dictionary !== null) return dictionaryRows(data, isText);
  switch (type.typeId) {
    case Type.Struct:
      return structRows(data, isText);
    case Type.Utf8View:
    case Type.BinaryView:
      return rowsOfValues(viewValues(data));
    case Type.FixedSizeBinary:
      return rowsBetween(data, (row) => row * (type.byteWidth as number));
  }
  const { valueOffsets } = data;
  return rowsBetween(data, (row) => Number(valueOffsets[row]));
}

const noBytes = new Uint8Array(0);

/** Values that stand one behind another. */
function rowsBetween(data: ArrowData, offsetOf: (row: number) => number): ExtraRows {
  const { length } = data;
  const validity = validityOf(data);
  const lengths = new Int32Array(length);
  const start = length > 0 ? offsetOf(0) : 0;
  let end = start;
  let isDense = true;
  for (let row = 0; row < length; row++) {
    const next = offsetOf(row + 1);
    const isNull = validity !== null && !isSet(validity, row);
    lengths[row] = isNull ? -1 : checkLength(row, next - end);
    isDense &&= !isNull || next === end;
    end = next;
  }
  const bytes = bytesOf(data);
  if (isDense) return { lengths, bytes: bytes.subarray(start, end) };
  // What stands behind a null is nobody's.
  return rowsOfValues(
    Array.from(lengths, (count, row) => count < 0 ? null : bytes.subarray(offsetOf(row), offsetOf(row + 1))),
  );
}

function viewValues(data: ArrowData): (Uint8Array | null)[] {
  const validity = validityOf(data);
  const valueAt = viewsOf(data);
  return Array.from({ length: data.length }, (_, row) => {
    return validity !== null && !isSet(validity, row) ? null : valueAt(row);
  });
}

/** The values of a dictionary stand in for their indices. */
function dictionaryRows(data: ArrowData, isText: boolean): ExtraRows {
  const words = data.dictionary!.data.flatMap((chunk) => valuesOf(arrowRows(chunk, isText)));
  const indices = data.values as unknown as ArrayLike<number | bigint>;
  const validity = validityOf(data);
  return rowsOfValues(Array.from({ length: data.length }, (_, row) => {
    if (validity !== null && !isSet(validity, row)) return null;
    return words[Number(indices[row])] ?? null;
  }));
}

function valuesOf({ lengths, bytes }: ExtraRows): (Uint8Array | null)[] {
  let at = 0;
  return Array.from(lengths, (length) => length < 0 ? null : bytes.subarray(at, at += length));
}

function structRows(data: ArrowData, isText: boolean): ExtraRows {
  if (isText) return childRows(data, "path");
  const rows = childRows(data, "bytes");
  checkPaths(rows.lengths, childRows(data, "path").lengths);
  return rows;
}

/** What each row is sorted by: its value; of a struct of bytes and a path its bytes, and where it has none its path. */
export function keyRows(data: ArrowData): ExtraRows {
  if (data.type.typeId !== Type.Struct) return arrowRows(data, false);
  return bytesOrPaths(childRows(data, "bytes"), childRows(data, "path"));
}

/** Whether a type is a struct of bytes and a path. */
export function isMedia(type: ArrowType): boolean {
  return type.typeId === Type.Struct && mediaPlaces(type) !== null;
}

/** Which of both such a struct has in some row. */
export function mediaOf(data: ArrowData): FoundMedia {
  const hasBytes = hasValue(childRows(data, "bytes"));
  return { hasBytes, hasPaths: !hasBytes && hasValue(childRows(data, "path")) };
}

/** The bytes of each row, and where it has none its path. */
export function bytesOrPaths(bytes: ExtraRows, paths: ExtraRows): ExtraRows {
  if (!hasValue(paths)) return bytes;
  if (!hasValue(bytes)) return paths;
  const others = valuesOf(paths);
  return rowsOfValues(valuesOf(bytes).map((value, row) => value ?? others[row]));
}

function hasValue({ lengths }: ExtraRows): boolean {
  return lengths.some((length) => length >= 0);
}

/** What a struct of bytes and a path has of one of them. What stands in a null struct counts for null. */
function childRows(data: ArrowData, part: "bytes" | "path"): ExtraRows {
  const validity = validityOf(data);
  const isNull = (row: number) => validity !== null && !isSet(validity, row);
  const taken = arrowRows(data.children[mediaPlaces(data.type)![part]], false);
  const isPlain = taken.lengths.every((length, row) => length <= 0 || !isNull(row));
  if (isPlain) return { ...taken, lengths: taken.lengths.map((length, row) => isNull(row) ? -1 : length) };
  return rowsOfValues(valuesOf(taken).map((value, row) => isNull(row) ? null : value));
}

/** Of a picture that is elsewhere there is only a path, which is no bytes: who wants paths says so. */
export function checkPaths(bytes: Int32Array, paths: Int32Array): void {
  const row = bytes.findIndex((length, row) => length < 0 && paths[row] >= 0);
  if (row >= 0) {
    throw new ExtraError(row, "bytes", 'a path alone; as an extra of "string" the paths are kept');
  }
}
