/** Columns of structs, lists and maps, put together again out of their leaves: each row as JSON. */
import type { ExtraRows } from "../../../append/extra_rows.ts";
import { NotSupported } from "../../decode.ts";
import { rowsOfValues } from "../../extras/pieces.ts";
import { floatText } from "../../text/write/cell_text.ts";
import { numberAt } from "../../value_types.ts";
import { readByteValues, readWords } from "./byte_values.ts";
import type { ChunkBytes } from "./bytes.ts";
import { countLevels } from "./chunk.ts";
import { storedType } from "./layout.ts";
import type { ColumnChunk, SchemaNode } from "./metadata.ts";
import { type Levels, type Page, pagesOf } from "./pages.ts";
import { newWords, readValues, type Words } from "./values.ts";

/** A node of a column's schema, with the levels at which it is there. */
export interface NestedNode {
  readonly name: string;
  /** From this definition level on it is there; a repeated one has an entry. */
  readonly definition: number;
  /** Of a repeated one the level at which it goes on; else 0. */
  readonly repetition: number;
  /** Whether it only stands around the entries of a list, as the middle one of three levels does. */
  readonly isWrapper: boolean;
  readonly children: readonly NestedNode[];
  readonly leaf: NestedLeaf | null;
}

/** A leaf of it. */
export interface NestedLeaf extends Levels {
  readonly path: string;
  readonly node: SchemaNode;
}

/** The nodes of a child of the schema's root. */
export function nestedNode(
  node: SchemaNode,
  outer: Levels = { lists: [], definitionMax: 0 },
  parent: SchemaNode | null = null,
): NestedNode {
  const isRepeated = node.repetition === "REPEATED";
  const levels: Levels = {
    lists: isRepeated ? [...outer.lists, node] : outer.lists,
    definitionMax: outer.definitionMax + (node.repetition === "REQUIRED" ? 0 : 1),
  };
  const { name, children, path } = node;
  const isOnly = isRepeated && parent !== null && parent.children.length === 1 && children.length === 1;
  return {
    name,
    definition: levels.definitionMax,
    repetition: isRepeated ? levels.lists.length : 0,
    isWrapper: isOnly && name !== "array" && name !== `${parent.name}_tuple`,
    children: children.map((child) => nestedNode(child, levels, node)),
    leaf: children.length > 0 ? null : { ...levels, path, node },
  };
}

/** All leaves of a node. */
export function leavesOfNode({ leaf, children }: NestedNode): NestedLeaf[] {
  return leaf === null ? children.flatMap(leavesOfNode) : [leaf];
}

/** What a column chunk of a leaf has, and how far it was read. */
export interface Cursor {
  readonly definitions: number[];
  readonly repetitions: number[];
  readonly texts: string[];
  readonly definitionMax: number;
  slot: number;
  next: number;
}

/** Reads a leaf's chunk, each value as JSON. */
export async function readNestedLeaf(
  bytes: ChunkBytes,
  chunk: ColumnChunk,
  leaf: NestedLeaf,
): Promise<Cursor> {
  const { definitionMax, lists } = leaf;
  const cursor: Cursor = { definitions: [], repetitions: [], texts: [], definitionMax, slot: 0, next: 0 };
  const decode = decoderOf(leaf.node);
  for await (const page of pagesOf(bytes, leaf, chunk)) {
    if (page.isDictionary) {
      decode.take(page);
      continue;
    }
    const [definitions, repetitions] = [new Uint8Array(page.count), new Uint8Array(page.count)];
    const present = definitionMax > 0
      ? countLevels(page.definitions, definitionMax, definitions)
      : page.count;
    if (lists.length > 0) countLevels(page.repetitions, lists.length, repetitions);
    for (const definition of definitions) cursor.definitions.push(definition);
    for (const repetition of repetitions) cursor.repetitions.push(repetition);
    for (const text of decode.texts(page, present)) cursor.texts.push(text);
  }
  return cursor;
}

interface Decoder {
  take(dictionary: Page): void;
  texts(page: Page, count: number): Iterable<string>;
}

const textMeanings: readonly unknown[] = ["STRING", "ENUM", "JSON"];

function decoderOf(node: SchemaNode): Decoder {
  const { type, meaning } = node;
  if (type === "BYTE_ARRAY" && textMeanings.includes(meaning?.name)) return textDecoder();
  const stored = storedType(node);
  if (typeof stored === "string") {
    throw new NotSupported(
      `it must be of numbers and text to be kept as JSON, got ${stored} in ${node.name}`,
    );
  }
  const { dtype, value } = stored;
  const column = { physical: type!, storedDtype: dtype } as never;
  let words: Words | null = null;
  return {
    take({ values, count }) {
      words = newWords(dtype, count);
      readValues(values, "PLAIN", column, null, words);
    },
    *texts({ values, encoding }, count) {
      const found = newWords(dtype, count);
      readValues(values, encoding, column, words, found);
      for (let i = 0; i < count; i++) {
        const number = numberAt(found, dtype, i);
        if (value.name === "bool") yield number ? "true" : "false";
        else yield value.name.startsWith("float") ? floatText(number as number) : String(number);
      }
    },
  };
}

function textDecoder(): Decoder {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let words: ReturnType<typeof readWords> | null = null;
  return {
    take({ values, count }) {
      words = readWords(values, count, undefined);
    },
    *texts({ values, encoding }, count) {
      const { lengths, bytes } = readByteValues(values, encoding, count, words, undefined);
      let at = 0;
      for (const length of lengths) {
        let text: string;
        try {
          text = decoder.decode(bytes.subarray(at, at + length));
        } catch (cause) {
          throw new Error("its texts must be UTF-8, got other bytes", { cause });
        }
        at += length;
        yield JSON.stringify(text);
      }
    },
  };
}

const encoder = new TextEncoder();

/** The rows of a row group. */
export function nestedRows(
  node: NestedNode,
  cursors: ReadonlyMap<NestedLeaf, Cursor>,
  rowCount: number,
): ExtraRows {
  const values: (Uint8Array | null)[] = [];
  for (let row = 0; row < rowCount; row++) {
    const text = textOf(node, cursors);
    values.push(text === "null" ? null : encoder.encode(text));
  }
  for (const { slot, definitions } of cursors.values()) {
    if (slot !== definitions.length) {
      throw new Error(
        `it must have ${rowCount} rows, has more: ${definitions.length - slot} values are left`,
      );
    }
  }
  return rowsOfValues(values);
}

type Cursors = ReadonlyMap<NestedLeaf, Cursor>;

/** The next value of a node; a repeated one is a list of its entries. */
function textOf(node: NestedNode, cursors: Cursors): string {
  if (node.repetition === 0) return entryOf(node, cursors);
  if (definitionAt(node, cursors) < node.definition) {
    skip(node, cursors);
    return "[]";
  }
  const entries = [entryOf(node, cursors)];
  while (repetitionAt(node, cursors) === node.repetition) entries.push(entryOf(node, cursors));
  return `[${entries.join(", ")}]`;
}

function entryOf(node: NestedNode, cursors: Cursors): string {
  const { leaf, children, definition } = node;
  if (leaf !== null) {
    const cursor = cursors.get(leaf)!;
    const found = cursor.definitions[cursor.slot++];
    if (found === undefined) throw tooFew();
    return found === cursor.definitionMax ? cursor.texts[cursor.next++] : "null";
  }
  if (definitionAt(node, cursors) < definition) {
    skip(node, cursors);
    return "null";
  }
  // A list, or a map, is a group of one that is repeated.
  const [child] = children;
  if (node.isWrapper || children.length === 1 && child.repetition > 0) return textOf(child, cursors);
  return `{${
    children.map((child) => `${JSON.stringify(child.name)}: ${textOf(child, cursors)}`).join(", ")
  }}`;
}

function skip(node: NestedNode, cursors: Cursors): void {
  for (const leaf of leavesOfNode(node)) {
    const cursor = cursors.get(leaf)!;
    if (cursor.slot++ >= cursor.definitions.length) throw tooFew();
  }
}

function definitionAt(node: NestedNode, cursors: Cursors): number {
  const cursor = cursors.get(leavesOfNode(node)[0])!;
  const found = cursor.definitions[cursor.slot];
  if (found === undefined) throw tooFew();
  return found;
}

function repetitionAt(node: NestedNode, cursors: Cursors): number | undefined {
  const cursor = cursors.get(leavesOfNode(node)[0])!;
  return cursor.repetitions[cursor.slot];
}

function tooFew(): Error {
  return new Error("its columns must have as many rows as the row group, got fewer");
}
