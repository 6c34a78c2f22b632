import {
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  RecordBatchWriter,
  type Schema,
  type Table,
} from "apache-arrow";
import { join, writePieces } from "./output.ts";

/** Arrow's IPC formats: a stream of messages, or a file that has them and an index. */
export type ArrowForm = "stream" | "file";

/** Writes tables into one Arrow file, uncompressed. */
export async function writeArrow(
  path: string,
  schema: Schema,
  tables: Iterable<Table>,
  form: ArrowForm,
): Promise<void> {
  await writePieces(path, form === "stream" ? streamPieces(schema, tables) : filePieces(schema, tables));
}

/** A schema as the first message of a stream. */
export function schemaMessage(schema: Schema): Uint8Array {
  const writer = new StreamPieces();
  writer.reset(undefined, schema);
  return join(writer.pieces);
}

function* streamPieces(schema: Schema, tables: Iterable<Table>): Generator<Uint8Array> {
  const writer = new StreamPieces();
  yield* piecesOf(writer, schema, tables);
}

function* filePieces(schema: Schema, tables: Iterable<Table>): Generator<Uint8Array> {
  const writer = new FilePieces();
  yield* piecesOf(writer, schema, tables);
}

function* piecesOf(
  writer: StreamPieces | FilePieces,
  schema: Schema,
  tables: Iterable<Table>,
): Generator<Uint8Array> {
  writer.reset(undefined, schema);
  yield* writer.pieces.splice(0);
  for (const table of tables) {
    for (const batch of table.batches) {
      if (batch.numRows > 0) writer.write(batch);
      yield* writer.pieces.splice(0);
    }
  }
  writer.finish();
  yield* writer.pieces.splice(0);
}

// The library's writers queue what they write for a consumer that awaits it, and join it. Here it is taken as it comes.

class StreamPieces extends RecordBatchStreamWriter {
  readonly pieces: Uint8Array[] = [];

  protected override _write(chunk: ArrayBufferView): this {
    this._position += keep(this.pieces, chunk, this._started);
    return this;
  }
}

class FilePieces extends RecordBatchFileWriter {
  readonly pieces: Uint8Array[] = [];

  /** The format has the schema in front too, for who reads a file as a stream; the library writes it at the end only. */
  protected override _writeSchema(schema: Schema): this {
    super._writeSchema(schema);
    writeSchemaMessage.call(this, schema);
    return this;
  }

  protected override _write(chunk: ArrayBufferView): this {
    this._position += keep(this.pieces, chunk, this._started);
    return this;
  }
}

const writeSchemaMessage = Reflect.get(RecordBatchWriter.prototype, "_writeSchema") as (
  schema: Schema,
) => void;

function keep(pieces: Uint8Array[], chunk: ArrayBufferView, isStarted: boolean): number {
  if (!isStarted || chunk.byteLength === 0) return 0;
  pieces.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  return chunk.byteLength;
}
