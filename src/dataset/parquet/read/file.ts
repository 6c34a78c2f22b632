import { StreamStoreError } from "../../../error.ts";
import { systemError } from "../../../store/durable_file.ts";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ownValue } from "../../../own_value.ts";
import type { ByteSource } from "../../files/byte_source.ts";
import { decodeArrowSchema } from "../../arrow/schema.ts";
import type { ExtraRows } from "../../../append/extra_rows.ts";
import type { FoundMedia } from "../../extras/media.ts";
import { inFile, NotSupported, readFailure } from "../../decode.ts";
import { featuresFromJson, metadataKey } from "../../features.ts";
import { ChunkBytes } from "./bytes.ts";
import { ColumnReader } from "./chunk.ts";
import type { Chunk } from "./values.ts";
import { type ByteColumn, byteColumn, type ByteLeaf, readByteRows } from "./byte_columns.ts";
import { Footers } from "./footers.ts";
import { type Nested, nestedColumn, type NumberColumn, numberColumn } from "./layout.ts";
import type { ColumnChunk, Metadata, SchemaNode } from "./metadata.ts";
import {
  type Cursor,
  leavesOfNode,
  type NestedLeaf,
  type NestedNode,
  nestedNode,
  nestedRows,
  readNestedLeaf,
} from "./nested.ts";
import { readTexts, type RowText } from "./texts.ts";

/** An open Parquet file. */
export class ParquetFile {
  readonly path: string;
  /** Columns by name; null where a column holds something else than numbers. */
  readonly columns: ReadonlyMap<string, NumberColumn | null>;
  /** Rows of each row group. */
  readonly groupRows: readonly number[];
  /** Those that can be extras. */
  readonly extras: ReadonlyMap<string, ByteColumn>;
  /** The features that are named, in the file or by who opened it. */
  readonly features: Readonly<Record<string, unknown>>;
  readonly #nodes = new Map<string, SchemaNode>();
  readonly #texts = new Map<string, Nested>();
  /** What the columns hold that hold no numbers. */
  readonly #contents = new Map<string, string>();
  readonly #readers = new Map<string, ColumnReader>();

  private constructor(
    private readonly source: ByteSource,
    private readonly metadata: Metadata,
    named: Readonly<Record<string, unknown>> | null,
  ) {
    const { keyValues, schema, groups } = metadata;
    this.path = source.path;
    this.groupRows = groups.map(({ rowCount }) => rowCount);
    const arrow = decodeArrowSchema(keyValues.get("ARROW:schema"));
    const fields = new Map(arrow?.fields.toReversed().map((field) => [field.name, field]));
    const features = named ??
      featuresFromJson(keyValues.get(metadataKey) ?? arrow?.metadata.get(metadataKey));
    this.features = features;
    const extras = new Map<string, ByteColumn>();
    const columns = new Map<string, NumberColumn | null>();
    for (const child of schema.children) {
      const { name } = child;
      if (columns.has(name)) continue;
      this.#nodes.set(name, child);
      const nested = nestedColumn(child);
      const column = typeof nested === "string"
        ? nested
        : numberColumn(name, nested, fields.get(name), ownValue(features, name));
      if (typeof nested !== "string" && isText(nested)) this.#texts.set(name, nested);
      columns.set(name, typeof column === "string" ? null : column);
      if (typeof column !== "string") continue;
      this.#contents.set(name, column);
      const extra = byteColumn(child, fields.get(name));
      if (extra !== null) extras.set(name, extra);
    }
    this.columns = columns;
    this.extras = extras;
  }

  /**
   * Takes the bytes over, and closes them with itself. Features that are given count before those in the file, and of files
   * that are read again the footers are known.
   */
  static async read(
    source: ByteSource,
    features: Readonly<Record<string, unknown>> | null = null,
    footers: Footers = new Footers(),
  ): Promise<ParquetFile> {
    try {
      return await inFile(source.path, null, async () => {
        return new ParquetFile(source, await footers.read(source), features);
      });
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** What a column holds that holds no numbers. */
  contentOf(name: string): string {
    return this.#contents.get(name)!;
  }

  /** One column of one row group, in arrays that its next one may take over. */
  async read(group: number, column: NumberColumn): Promise<Chunk> {
    const { name, path, lists } = column;
    let reader = this.#readers.get(path);
    if (reader === undefined) this.#readers.set(path, reader = new ColumnReader(column));
    return await inFile(this.path, name, async () => {
      const found = await reader.read(...this.#find(group, path));
      if (lists.length === 0) this.#checkRowCount(group, found.length);
      return found;
    });
  }

  /** The rows of an extra in one row group, or those of its paths; what is wrong is told of the column. */
  async *readExtra(group: number, { name }: ByteColumn, leaf: ByteLeaf): AsyncGenerator<ExtraRows> {
    let rowCount = 0;
    try {
      for await (const rows of readByteRows(...this.#find(group, leaf.path), leaf)) {
        rowCount += rows.lengths.length;
        yield rows;
      }
      this.#checkRowCount(group, rowCount);
    } catch (cause) {
      throw readFailure(this.path, name, cause);
    }
  }

  /** Whether a row group has a value in an extra, or in its paths: by its statistics, or by its pages up to the first. */
  async hasValue(group: number, column: ByteColumn, leaf: ByteLeaf): Promise<boolean> {
    const { statistics, valueCount } = this.metadata.groups[group].chunks.get(leaf.path) ?? {};
    const nullCount = statistics?.integer(nullCountField);
    if (nullCount !== undefined) return nullCount !== valueCount;
    for await (const { lengths } of this.readExtra(group, column, leaf)) {
      if (lengths.some((length) => length >= 0)) return true;
    }
    return false;
  }

  /** What a struct of bytes and a path has in some row of the file; null for a column that is none. */
  async mediaOf(name: string): Promise<FoundMedia | null> {
    const column = this.extras.get(name);
    if (column === undefined || column.paths === null) return null;
    const isIn = async (leaf: ByteLeaf) => {
      for (const [group, rowCount] of this.groupRows.entries()) {
        if (rowCount > 0 && await this.hasValue(group, column, leaf)) return true;
      }
      return false;
    };
    const hasBytes = await isIn(column.values);
    return { hasBytes, hasPaths: !hasBytes && await isIn(column.paths) };
  }

  /** The nodes of a column, whatever it holds. */
  nodeOf(name: string): NestedNode {
    return nestedNode(this.#nodes.get(name)!);
  }

  /** The rows of a column in one row group, as JSON. */
  async readNested(group: number, node: NestedNode): Promise<ExtraRows> {
    return await inFile(this.path, node.name, async () => {
      const cursors = new Map<NestedLeaf, Cursor>();
      for (const leaf of leavesOfNode(node)) {
        cursors.set(leaf, await readNestedLeaf(...this.#find(group, leaf.path), leaf));
      }
      return nestedRows(node, cursors, this.groupRows[group]);
    });
  }

  /** Tells a source that fetches from afar what is read next. */
  prefetch(group: number, columns: readonly { readonly path: string }[]): void {
    // A column chunk that is not there is an error for who reads it, who can say of which column.
    const chunks = columns.map(({ path }) => this.metadata.groups[group].chunks.get(path));
    this.source.prefetch?.(chunks.filter((chunk) => chunk !== undefined));
  }

  /** Of a column of strings, or of lists of them: in how many lists they are. */
  textDepth(name: string): number | undefined {
    return this.#texts.get(name)?.lists.length;
  }

  /** The UTF-8 of a column of strings in one row group, or the lists of it. */
  async readText(group: number, name: string): Promise<RowText[]> {
    const column = this.#texts.get(name)!;
    return await inFile(this.path, name, async () => {
      const texts = await readTexts(...this.#find(group, column.leaf.path), column);
      this.#checkRowCount(group, texts.length);
      return texts;
    });
  }

  #checkRowCount(group: number, found: number): void {
    const rowCount = this.groupRows[group];
    if (found !== rowCount) throw new Error(`row group ${group} must have ${rowCount} rows, has ${found}`);
  }

  /** A column in a row group, and its bytes. */
  #find(group: number, path: string): [ChunkBytes, ColumnChunk] {
    const chunk = this.metadata.groups[group].chunks.get(path);
    if (chunk === undefined) {
      throw new Error(`it must be in all row groups, but is not in row group ${group}`);
    }
    const { isEncrypted, start, end } = chunk;
    if (isEncrypted) throw new NotSupported("it must not be encrypted, but is");
    const { byteLength } = this.source;
    if (start >= 0 && start <= end && end <= byteLength) {
      return [new ChunkBytes(this.source, start, end), chunk];
    }
    throw new Error(`its bytes, ${start} to ${end}, must lie within the file, which has ${byteLength}`);
  }

  async close(): Promise<void> {
    await this.source.close();
  }
}

/** By its number in parquet.thrift. */
const nullCountField = 3;

function isText({ leaf, lists }: Nested): boolean {
  return leaf.type === "BYTE_ARRAY" && leaf.meaning?.name === "STRING" && lists.length < 2;
}

/** The file itself, or all Parquet files in the folder and those below it, in the order of their paths. */
export async function parquetPaths(path: string): Promise<string[]> {
  const found = await stat(path).catch((cause) => {
    throw systemError(cause, `Cannot read ${path}`, path);
  });
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true });
  const names = entries.filter((name) => name.endsWith(".parquet") && !/(^|[/\\])\./.test(name)).sort();
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new StreamStoreError(
    "not-found",
    `Cannot read ${path}: the folder must hold files named *.parquet, got none`,
  );
}
