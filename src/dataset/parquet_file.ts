import { RecordBatchReader } from "apache-arrow";
import { Buffer } from "node:buffer";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { ArrowField } from "./arrow_types.ts";
import { featuresFromJson, metadataKey } from "./features.ts";
import { isChunkOf, type NumberColumn, numberColumn } from "./parquet_layout.ts";
import { type Chunk, readChunk } from "./parquet_pages.ts";

/** An open Parquet file. */
export class ParquetFile {
  readonly #columns = new Map<string, NumberColumn | null>();

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly size: number,
    private readonly metadata: FileMetaData,
  ) {
    const arrow = arrowSchema(valueOf(metadata, "ARROW:schema"));
    const features = featuresFromJson(
      valueOf(metadata, metadataKey) ?? arrow?.metadata.get(metadataKey),
    );
    const root = parquetSchema(metadata);
    for (const child of root.children) {
      const { name } = child.element;
      const field = arrow?.fields.find((candidate) => candidate.name === name);
      this.#columns.set(name, numberColumn(root, child, field, features[name]));
    }
  }

  static async open(path: string): Promise<ParquetFile> {
    const handle = await open(path, "r");
    try {
      const { size } = await handle.stat();
      const file = bufferOf(handle, size);
      return await inContext(path, async () => {
        const metadata = await parquetMetadataAsync(file, { geoparquet: false });
        return new ParquetFile(path, handle, size, metadata);
      });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Columns by name; null where a column holds something else than numbers. */
  get columns(): ReadonlyMap<string, NumberColumn | null> {
    return this.#columns;
  }

  /** Rows of each row group. */
  get groupRows(): readonly number[] {
    return this.metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  }

  /** One column of one row group. */
  async read(group: number, column: NumberColumn): Promise<Chunk> {
    return await inContext(`${this.path}, column "${column.name}"`, async () => {
      const meta = this.metadata.row_groups[group].columns
        .map(({ meta_data }) => meta_data)
        .find((candidate) => candidate !== undefined && isChunkOf(column, candidate));
      if (meta === undefined) throw new Error(`row group ${group} lacks it`);
      const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
      const bytes = await readBytes(
        this.handle,
        this.size,
        start,
        start + Number(meta.total_compressed_size),
      );
      return readChunk(bytes, column, meta, compressors);
    });
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** Says of which file an error is: hyparquet's messages know only what they found. */
async function inContext<Result>(what: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot read ${what}: ${reason}`, { cause });
  }
}

/** The file itself, or all Parquet files in the folder and those below it, in the order of their paths. */
export async function parquetPaths(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true });
  const names = entries.filter((name) => name.endsWith(".parquet") && !/(^|[/\\])\./.test(name)).sort();
  if (names.length > 0) return names.map((name) => join(path, name));
  throw new Error(`Cannot read ${path}: the folder must hold files named *.parquet, got none`);
}

function bufferOf(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      const { buffer } = await readBytes(handle, byteLength, start, end);
      return buffer as ArrayBuffer;
    },
  };
}

async function readBytes(handle: FileHandle, size: number, start: number, end: number): Promise<Uint8Array> {
  if (!(start >= 0 && start <= end && end <= size)) {
    throw new Error(`bytes ${start} to ${end} must lie within the file, which has ${size}`);
  }
  const bytes = new Uint8Array(end - start);
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
    if (bytesRead === 0) throw new Error("the file ended while it was read");
    done += bytesRead;
  }
  return bytes;
}

function valueOf({ key_value_metadata }: FileMetaData, key: string): string | undefined {
  return key_value_metadata?.find((entry) => entry.key === key)?.value;
}

interface ArrowSchema {
  readonly fields: readonly ArrowField[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** The schema that the writer had, which Arrow keeps as a message in base64. A type unknown here is no error. */
function arrowSchema(text: string | undefined): ArrowSchema | null {
  if (text === undefined) return null;
  try {
    return RecordBatchReader.from(Buffer.from(text, "base64")).open().schema as unknown as ArrowSchema;
  } catch {
    return null;
  }
}
