import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ColumnMetaData, type FileMetaData, parquetSchema, type SchemaElement } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { StreamStoreError } from "../../error.ts";
import { ownValue } from "../../own_value.ts";
import { type ByteSource, openBytes } from "../byte_source.ts";
import { decodeArrowSchema } from "../arrow/schema.ts";
import { featuresFromJson, metadataKey } from "../features.ts";
import { readFooter } from "./footer.ts";
import { isChunkOf, type NumberColumn, numberColumn } from "./layout.ts";
import { ChunkBytes } from "./bytes.ts";
import { type Chunk, ChunkRoom, readChunk } from "./pages.ts";
import { toSeconds } from "./values.ts";
import { readTexts } from "./texts.ts";

/** An open Parquet file. */
export class ParquetFile {
  readonly #columns = new Map<string, NumberColumn | null>();
  readonly #rooms = new Map<NumberColumn, ChunkRoom>();

  private constructor(
    private readonly source: ByteSource,
    private readonly metadata: FileMetaData,
    named: Readonly<Record<string, unknown>> | null,
  ) {
    const arrow = decodeArrowSchema(valueOf(metadata, "ARROW:schema"));
    const features = named ??
      featuresFromJson(valueOf(metadata, metadataKey) ?? arrow?.metadata.get(metadataKey));
    const root = parquetSchema(metadata);
    for (const child of root.children) {
      const { name } = child.element;
      const field = arrow?.fields.find((candidate) => candidate.name === name);
      this.#columns.set(name, numberColumn(root, child, field, ownValue(features, name)));
    }
  }

  static async open(path: string): Promise<ParquetFile> {
    return await ParquetFile.read(await openBytes(path));
  }

  /** Takes the bytes over, and closes them with itself. Features that are given count before those in the file. */
  static async read(
    source: ByteSource,
    features: Readonly<Record<string, unknown>> | null = null,
  ): Promise<ParquetFile> {
    try {
      return await inContext(source.path, async () => {
        return new ParquetFile(source, await readFooter(source), features);
      });
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  get path(): string {
    return this.source.path;
  }

  /** Columns by name; null where a column holds something else than numbers. */
  get columns(): ReadonlyMap<string, NumberColumn | null> {
    return this.#columns;
  }

  /** Rows of each row group. */
  get groupRows(): readonly number[] {
    return this.metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  }

  /** One column of one row group, in arrays that its next one may take over. */
  async read(group: number, column: NumberColumn): Promise<Chunk> {
    return await inContext(`${this.path}, column "${column.name}"`, async () => {
      const meta = this.#chunkOf(group, column);
      let room = this.#rooms.get(column);
      if (room === undefined) this.#rooms.set(column, room = new ChunkRoom());
      const chunk = await readChunk(this.#bytesOf(meta), column, meta, compressors, room);
      if (column.isSeconds) toSeconds(chunk.words);
      return chunk;
    });
  }

  /** Tells a source that fetches from afar what is read next. */
  prefetch(group: number, columns: readonly NumberColumn[]): void {
    // A column chunk that is not there is an error for who reads it, who can say of which column.
    const chunks = columns.map((column) => this.#lookUp(group, (chunk) => isChunkOf(column, chunk)));
    this.source.prefetch?.(chunks.filter((chunk) => chunk !== undefined).map(rangeOf));
  }

  /** Whether a column holds strings, each of them one. */
  isText(name: string): boolean {
    const element = this.#elementOf(name);
    return element?.type === "BYTE_ARRAY" && element.repetition_type !== "REPEATED" &&
      (element.converted_type === "UTF8" || element.logical_type?.type === "STRING");
  }

  /** The UTF-8 of a column of strings in one row group; null where there is none. */
  async readText(group: number, name: string): Promise<(Uint8Array | null)[]> {
    return await inContext(`${this.path}, column "${name}"`, async () => {
      const definitionMax = this.#elementOf(name)?.repetition_type === "OPTIONAL" ? 1 : 0;
      const meta = this.#find(group, (chunk) => chunk.path_in_schema?.join("\0") === name);
      const texts = await readTexts(this.#bytesOf(meta), { lists: [], definitionMax }, meta, compressors);
      if (texts.length === this.groupRows[group]) return texts;
      throw new Error(`row group ${group} must have ${this.groupRows[group]} rows, has ${texts.length}`);
    });
  }

  #elementOf(name: string): SchemaElement | undefined {
    return parquetSchema(this.metadata).children.find(({ element }) => element.name === name)?.element;
  }

  #chunkOf(group: number, column: NumberColumn): ColumnMetaData {
    return this.#find(group, (chunk) => isChunkOf(column, chunk));
  }

  #find(group: number, isIt: (chunk: ColumnMetaData) => boolean): ColumnMetaData {
    const meta = this.#lookUp(group, isIt);
    if (meta === undefined) throw new Error(`row group ${group} lacks it`);
    return meta;
  }

  #lookUp(group: number, isIt: (chunk: ColumnMetaData) => boolean): ColumnMetaData | undefined {
    return this.metadata.row_groups[group].columns
      .map(({ meta_data }) => meta_data)
      .find((candidate) => candidate !== undefined && isIt(candidate));
  }

  #bytesOf(meta: ColumnMetaData): ChunkBytes {
    const { start, end } = rangeOf(meta);
    const { byteLength } = this.source;
    if (start >= 0 && start <= end && end <= byteLength) return new ChunkBytes(this.source, start, end);
    throw new Error(`bytes ${start} to ${end} must lie within the file, which has ${byteLength}`);
  }

  async close(): Promise<void> {
    await this.source.close();
  }
}

/** Says of which file an error is: hyparquet's messages know only what they found. */
async function inContext<Result>(what: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    // What comes from the Hub says so itself.
    if (cause instanceof StreamStoreError) throw cause;
    throw new Error(`Cannot read ${what}: ${reasonOf(cause)}`, { cause });
  }
}

/** What an engine says of a value that is not there or too large is of its own code, which Bun may quote at length. */
function reasonOf(cause: unknown): string {
  if (cause instanceof TypeError || cause instanceof RangeError) {
    return "its bytes must be those of a whole file";
  }
  return cause instanceof Error ? cause.message : String(cause);
}

/** The file itself, or all Parquet files in the folder and those below it, in the order of their paths. */
export async function parquetPaths(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true });
  const names = entries.filter((name) => name.endsWith(".parquet") && !/(^|[/\\])\./.test(name)).sort();
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new Error(`Cannot read ${path}: the folder must hold files named *.parquet, got none`);
}

function rangeOf(meta: ColumnMetaData): { readonly start: number; readonly end: number } {
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  return { start, end: start + Number(meta.total_compressed_size) };
}

function valueOf({ key_value_metadata }: FileMetaData, key: string): string | undefined {
  return key_value_metadata?.find((entry) => entry.key === key)?.value;
}
