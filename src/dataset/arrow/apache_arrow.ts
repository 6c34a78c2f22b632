/**
 * All that rests on the insides of apache-arrow: methods of its writers that are protected, the order in which they call
 * one another, and what its readers make batches with. Its version is pinned exactly, and a test says what is relied on.
 *
 * Its readers themselves take bytes, whole and uncompressed, and refuse a schema with a column that they do not know;
 * here each message can be looked at, decompressed and cut down between the steps.
 */
import {
  Field,
  Message,
  MessageHeader,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
} from "apache-arrow";
import type { Data, DataType, Table, Vector } from "apache-arrow";
import { Footer } from "apache-arrow/ipc/metadata/file";
import type { BufferRegion, FieldNode } from "apache-arrow/ipc/metadata/message";
import { CompressedVectorLoader } from "apache-arrow/visitor/vectorloader";
import { StreamStoreError } from "../../error.ts";
import { join } from "../files/output.ts";

/**
 * Writes all messages with the number of nulls that their columns have. In a slice of a column of nulls apache-arrow does
 * not know it, and says -1, which others refuse.
 */
class StreamWriter extends RecordBatchStreamWriter {
  protected override _writeMessage(message: Message, alignment?: number): this {
    if (message.headerType !== MessageHeader.Schema) {
      // The library does not export the types of headers.
      const { nodes } = message.header() as unknown as { nodes: { length: number; nullCount: number }[] };
      for (const node of nodes) if (node.nullCount < 0) node.nullCount = node.length;
    }
    return super._writeMessage(message, alignment);
  }
}

/** A table in Arrow's own bytes, as a stream. */
export function toStream(table: Table): Uint8Array {
  const writer = new PieceWriter();
  writer.writeAll(table);
  return join(writer.pieces);
}

/** Keeps what is written. The library's own way to join it takes two buffers in the same place for one, such as a validity that two columns share. */
class PieceWriter extends StreamWriter {
  readonly pieces: Uint8Array[] = [];

  protected override _write({ buffer, byteOffset, byteLength }: ArrayBufferView): this {
    if (!this._started) return this;
    if (byteLength > 0) this.pieces.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
    this._position += byteLength;
    return this;
  }
}

/** Takes what a writer writes: of each message -1, the length and the metadata as a piece each, then its body in any. */
export interface MessageSink {
  /** A message begins. Returns a key and a value that its custom metadata is to have besides. */
  begin(isSchema: boolean): readonly [key: string, value: string];
  add(piece: Uint8Array): void;
}

/**
 * Writes a stream, or a file. The library's own writers queue what they write for a consumer that awaits it, and join it;
 * here it is taken as it comes.
 */
export class MessageWriter extends StreamWriter {
  constructor(private readonly sink: MessageSink, private readonly isFile: boolean) {
    super();
  }

  /** A file has the schema in front too, for who reads it as a stream; the library writes it at the end only. */
  protected override _writeSchema(schema: Schema): this {
    if (this.isFile) this._writeMagic()._writePadding(2);
    return super._writeSchema(withNames(schema));
  }

  protected override _writeDictionaryBatch(dictionary: Data, id: number, isDelta = false): this {
    if (this.isFile && !isDelta && this._seenDictionaries.has(id)) {
      throw new StreamStoreError(
        "unsupported",
        "Cannot write an Arrow file: a column must have one dictionary in all of its pieces, got another; a stream (.arrows) may have several",
      );
    }
    return super._writeDictionaryBatch(dictionary, id, isDelta);
  }

  protected override _writeFooter(schema: Schema): this {
    if (!this.isFile) return super._writeFooter(schema);
    writeFileFooter.call(this, withNames(schema));
    return this;
  }

  protected override _writeMessage(message: Message, alignment?: number): this {
    const { bodyLength, version, headerType } = message;
    const metadata = new Map([...message.metadata, this.sink.begin(headerType === MessageHeader.Schema)]);
    const extended = new Message(bodyLength, version, headerType, message.header(), metadata);
    return super._writeMessage(extended, alignment);
  }

  protected override _write({ buffer, byteOffset, byteLength }: ArrayBufferView): this {
    if (!this._started) return this;
    if (byteLength > 0) this.sink.add(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
    this._position += byteLength;
    return this;
  }
}

const writeFileFooter = Reflect.get(RecordBatchFileWriter.prototype, "_writeFooter") as (
  schema: Schema,
) => void;

/** The library leaves a name out that is "", which some readers refuse; the UTF-8 of one it writes as it is. */
function withNames(schema: Schema): Schema {
  const noName = new Uint8Array(0) as unknown as string;
  const fields = schema.fields.map((field) =>
    field.name === "" ? new Field(noName, field.type, field.nullable, field.metadata) : field
  );
  return new Schema(fields, schema.metadata, schema.dictionaries, schema.metadataVersion);
}

/** What a message is: a Schema, a RowsHeader or a DictionaryHeader. */
export function decodeHeader<Header>(metadata: Uint8Array): Header {
  return Message.decode(metadata).header() as Header;
}

/** The schema in the index of a file. */
export function decodeIndexSchema(index: Uint8Array): Schema {
  return Footer.decode(index).schema;
}

/** What a message with rows says of them: a node for each column and those within it, and where their buffers are. */
export interface RowsHeader {
  readonly length: number;
  readonly nodes: readonly FieldNode[];
  readonly buffers: readonly BufferRegion[];
  /** How many buffers each column of views has besides. */
  readonly variadicBufferCounts: readonly number[];
}

export interface DictionaryHeader {
  readonly id: number;
  /** Whether its values come behind those that there are. */
  readonly isDelta: boolean;
  readonly data: RowsHeader;
}

/** Columns of the schema, or the values of a dictionary, out of their buffers. */
export function loadColumns(
  types: readonly (Field | DataType)[],
  { nodes, buffers: regions, variadicBufferCounts }: RowsHeader,
  buffers: Uint8Array[],
  dictionaries: Map<number, Vector>,
  { metadataVersion }: Schema,
): Data[] {
  // The regions are only counted: the loader takes the buffers themselves, in their order.
  const loader = new CompressedVectorLoader(
    buffers,
    nodes as FieldNode[],
    regions as BufferRegion[],
    dictionaries,
    metadataVersion,
    variadicBufferCounts as number[],
  );
  return loader.visitMany(types as DataType[]);
}
