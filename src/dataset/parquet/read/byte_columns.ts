/** Columns of text and bytes in a Parquet file. */
import type { ExtraRows } from "../../../append/extra_rows.ts";
import { layoutOfArrow } from "../../extras/arrow.ts";
import { type ExtraLayout, kindOfLayout } from "../../extras/features.ts";
import type { ArrowField } from "../../table/types.ts";
import { type ByteWords, readByteValues, readWords } from "./byte_values.ts";
import type { ChunkBytes } from "./bytes.ts";
import { countLevels } from "./chunk.ts";
import type { ColumnChunk, SchemaNode } from "./metadata.ts";
import { type Levels, pagesOf } from "./pages.ts";

/** A column of values of bytes. */
export interface ByteLeaf extends Levels {
  /** Where its values are in the schema. */
  readonly path: string;
  /** The length of every value, where all have one. */
  readonly typeBytes: number | undefined;
}

/** A column that can be an extra. */
export interface ByteColumn {
  readonly name: string;
  readonly layout: ExtraLayout;
  /** Its values; of a struct of bytes and a path its bytes. */
  readonly values: ByteLeaf;
  /** Of such a struct the paths. */
  readonly paths: ByteLeaf | null;
}

/** What a child of the schema's root is as an extra, or null. The writer's own schema tells large ones apart. */
export function byteColumn(node: SchemaNode, arrow: ArrowField | undefined): ByteColumn | null {
  const { name, children } = node;
  if (children.length > 0) return mediaColumn(node);
  const layout = layoutOfLeaf(node);
  if (layout === null || node.repetition === "REPEATED") return null;
  const written = arrow === undefined ? null : layoutOfArrow(arrow.type);
  const isWritten = written !== null && written !== "media" && kindOfLayout(written) === kindOfLayout(layout);
  return { name, layout: isWritten ? written : layout, values: leafOf(node, 0), paths: null };
}

function mediaColumn(node: SchemaNode): ByteColumn | null {
  const { name, children, repetition } = node;
  const bytes = children.find((child) => child.name === "bytes");
  const path = children.find((child) => child.name === "path");
  if (children.length !== 2 || bytes === undefined || path === undefined) return null;
  const isMedia = layoutOfLeaf(bytes) === "binary" && layoutOfLeaf(path) === "string" &&
    [node, bytes, path].every(({ repetition }) => repetition !== "REPEATED");
  if (!isMedia) return null;
  const outer = repetition === "OPTIONAL" ? 1 : 0;
  return { name, layout: "media", values: leafOf(bytes, outer), paths: leafOf(path, outer) };
}

const texts: readonly unknown[] = ["STRING", "ENUM", "JSON"];
const bytes: readonly unknown[] = [undefined, "BSON", "UUID", "GEOMETRY", "GEOGRAPHY"];

function layoutOfLeaf({ type, meaning, children }: SchemaNode): ExtraLayout | null {
  if (children.length > 0 || type !== "BYTE_ARRAY" && type !== "FIXED_LEN_BYTE_ARRAY") return null;
  if (texts.includes(meaning?.name)) return type === "BYTE_ARRAY" ? "string" : null;
  return bytes.includes(meaning?.name) ? "binary" : null;
}

function leafOf({ path, type, typeBytes, repetition }: SchemaNode, outer: number): ByteLeaf {
  return {
    path,
    lists: [],
    definitionMax: outer + (repetition === "OPTIONAL" ? 1 : 0),
    typeBytes: type === "FIXED_LEN_BYTE_ARRAY" ? typeBytes ?? 0 : undefined,
  };
}

/** The rows of a column chunk, page by page. Those of a page are valid until the next. */
export async function* readByteRows(
  bytes: ChunkBytes,
  chunk: ColumnChunk,
  leaf: ByteLeaf,
): AsyncGenerator<ExtraRows> {
  const { definitionMax, typeBytes } = leaf;
  let words: ByteWords | null = null;
  for await (const page of pagesOf(bytes, leaf, chunk)) {
    if (page.isDictionary) {
      words = readWords(page.values, page.count, typeBytes);
      continue;
    }
    const definitions = new Uint8Array(page.count);
    const present = definitionMax > 0
      ? countLevels(page.definitions, definitionMax, definitions)
      : page.count;
    const found = readByteValues(page.values, page.encoding, present, words, typeBytes);
    if (present === page.count) {
      yield found;
      continue;
    }
    const lengths = new Int32Array(page.count);
    let next = 0;
    for (let row = 0; row < lengths.length; row++) {
      lengths[row] = definitions[row] === definitionMax ? found.lengths[next++] : -1;
    }
    yield { lengths, bytes: found.bytes };
  }
}
