import { type Schema, Vector } from "apache-arrow";
import type { Data, DataType, Field } from "apache-arrow";
import { decode, reasonOf } from "../../decode.ts";
import type { ArrowColumns, ArrowData, ArrowField } from "../../table/types.ts";
import { decodeHeader, type DictionaryHeader, loadColumns, type RowsHeader } from "../apache_arrow.ts";
import { decompressBuffers } from "./compression.ts";
import type { RowsMessage, SchemaMessage } from "./messages.ts";
import { type Omission, omitRows } from "./omission.ts";

/** Makes columns of the messages that follow a schema. Its errors go on from the name of a file. */
export class BatchReader {
  /** All columns; those that are left out of batches come behind all others. */
  readonly fields: readonly ArrowField[];
  readonly #schema: Schema;
  readonly #omission: Omission | null;
  readonly #dictionaries = new Map<number, Vector>();

  constructor({ schema, omission }: SchemaMessage) {
    this.fields = [...schema.fields as unknown as ArrowField[], ...omission?.fields ?? []];
    this.#schema = schema;
    this.#omission = omission;
  }

  addDictionary(message: RowsMessage): void {
    const { id, isDelta, data } = headerOf<DictionaryHeader>(message);
    const type: DataType | undefined = this.#schema.dictionaries.get(id);
    // One that only columns have that are left out.
    if (type === undefined && this.#omission !== null) return;
    const values = new Vector(this.#load(message, [type!], data));
    const before = isDelta ? this.#dictionaries.get(id) : undefined;
    this.#dictionaries.set(id, (before?.concat(values) ?? values).memoize());
  }

  read(message: RowsMessage): ArrowColumns {
    const whole = headerOf<RowsHeader>(message);
    const header = this.#omission === null ? whole : omitRows(whole, this.#omission, message.at);
    const children = this.#load(message, this.#schema.fields, header) as unknown as ArrowData[];
    return { length: header.length, children };
  }

  #load(message: RowsMessage, types: readonly (Field | DataType)[], header: RowsHeader): Data[] {
    const buffers = buffersOf(message, header).map(aligned);
    return decode(
      `rows at ${message.at}`,
      () => loadColumns(types, header, buffers, this.#dictionaries, this.#schema),
    );
  }
}

function headerOf<Header>({ at, metadata }: RowsMessage): Header {
  return decode(`rows at ${at}`, () => decodeHeader<Header>(metadata));
}

function buffersOf({ at, body, codec }: RowsMessage, header: RowsHeader): Uint8Array[] {
  if (codec === null) {
    return header.buffers.map(({ offset, length }) => body.subarray(offset, offset + length));
  }
  try {
    return decompressBuffers(header.buffers, body, codec);
  } catch (cause) {
    throw new Error(`rows at ${at} cannot be decompressed: ${reasonOf(cause)}`, { cause });
  }
}

/** Where typed arrays can begin. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}
