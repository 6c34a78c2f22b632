import {
  Field,
  Message,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  RecordBatchWriter,
  Schema,
  type Table,
} from "apache-arrow";
import { open } from "node:fs/promises";
import { digitsOf } from "../checksum.ts";
import { MessageLog, withBlank } from "./messages.ts";
import { join, writePieces } from "../../files/output.ts";

/** Arrow's IPC formats: a stream of messages, or a file that has them and an index. */
export type ArrowForm = "stream" | "file";

/** Writes tables into one Arrow file, uncompressed. `onChecksum` gets the digits of its last checksum. */
export async function writeArrow(
  path: string,
  schema: Schema,
  tables: Iterable<Table>,
  form: ArrowForm,
  onChecksum: (digits: string) => void = () => {},
): Promise<void> {
  const writer = form === "stream" ? new StreamPieces() : new FilePieces();
  await writePieces(path, piecesOf(writer, schema, tables));
  const digits = digitsOf(writer.log.checksum);
  await overwrite(path, writer.log.lastDigitsAt, digits);
  onChecksum(digits);
}

/** A schema as the first message of a stream. */
export function schemaMessage(schema: Schema): Uint8Array {
  const writer = new StreamPieces();
  writer.reset(undefined, schema);
  return join(writer.log.take());
}

function* piecesOf(
  writer: StreamPieces | FilePieces,
  schema: Schema,
  tables: Iterable<Table>,
): Generator<Uint8Array> {
  writer.reset(undefined, schema);
  yield* writer.log.take();
  for (const table of tables) {
    for (const batch of table.batches) {
      if (batch.numRows > 0) writer.write(batch);
      yield* writer.log.take();
    }
  }
  writer.finish();
  yield* writer.log.take();
}

async function overwrite(path: string, at: number, text: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.write(text, at, "latin1");
  } finally {
    await file.close();
  }
}

// The library's writers queue what they write for a consumer that awaits it, and join it. Here it is taken as it comes.

class StreamPieces extends RecordBatchStreamWriter {
  readonly log = new MessageLog();

  protected override _writeSchema(schema: Schema): this {
    return super._writeSchema(withNames(schema));
  }

  protected override _writeMessage(message: Message, alignment?: number): this {
    this.log.begin();
    return super._writeMessage(withBlank(message), alignment);
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (this._started) this._position += this.log.add(chunk);
    return this;
  }
}

class FilePieces extends RecordBatchFileWriter {
  readonly log = new MessageLog();

  /** The format has the schema in front too, for who reads a file as a stream; the library writes it at the end only. */
  protected override _writeSchema(schema: Schema): this {
    super._writeSchema(schema);
    writeSchemaMessage.call(this, withNames(schema));
    return this;
  }

  protected override _writeFooter(schema: Schema): this {
    return super._writeFooter(withNames(schema));
  }

  protected override _writeMessage(message: Message, alignment?: number): this {
    this.log.begin();
    return super._writeMessage(withBlank(message), alignment);
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (this._started) this._position += this.log.add(chunk);
    return this;
  }
}

/** The library leaves a name out that is "", which some readers refuse; the UTF-8 of one it writes as it is. */
function withNames(schema: Schema): Schema {
  const noName = new Uint8Array(0) as unknown as string;
  const fields = schema.fields.map((field) =>
    field.name === "" ? new Field(noName, field.type, field.nullable, field.metadata) : field
  );
  return new Schema(fields, schema.metadata, schema.dictionaries, schema.metadataVersion);
}

const writeSchemaMessage = Reflect.get(RecordBatchWriter.prototype, "_writeSchema") as (
  schema: Schema,
) => void;
