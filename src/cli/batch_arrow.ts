/**
 * Batches as an Arrow IPC stream: a record batch each, a row for each window. What has a shape beyond that is of Arrow's
 * own type for tensors of fixed shape, which pyarrow turns into a NumPy array of shape [B, S, W] without a copy.
 */
import {
  Binary,
  type Data,
  type DataType,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Uint16,
  Uint8,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import { MessageWriter } from "../dataset/arrow/apache_arrow.ts";
import type { AnyBatch } from "../sample/batch.ts";
import type { StreamStore } from "../store.ts";
import { type BatchWriter, columnsOf, perWindow } from "./batch_parts.ts";
import { write } from "./output.ts";

interface ArrowColumn {
  readonly field: Field;
  readonly data: Data;
}

export function arrowWriter(store: StreamStore): BatchWriter {
  const messages = new MessageWriter({ begin: () => mark, add: write }, false);
  let schema: Schema | undefined;
  return {
    write(batch) {
      const columns = arrowColumns(batch, store);
      if (schema === undefined) {
        messages.reset(
          undefined,
          schema = new Schema(columns.map(({ field }) => field)),
        );
      }
      const children = columns.map(({ data }) => data);
      const type = new Struct(schema.fields);
      messages.write(
        new RecordBatch(schema, makeData({ type, length: batch.size, nullCount: 0, children }) as never),
      );
    },
    end: () => void messages.finish(),
  };
}

/** In each message's own metadata, which others pass over. */
const mark = ["streamstore:sample", "1"] as const;

function arrowColumns(batch: AnyBatch, store: StreamStore): ArrowColumn[] {
  const { size, extra = {} } = batch;
  return [
    ...perWindow(batch).map(({ name, values }) =>
      flat(name, name === "starts" ? integers(values) : values, size)
    ),
    ...columnsOf(batch).map(({ name, values, shape }) => tensor(name, values, shape, size)),
    ...Object.entries(extra).map(([name, windows]): ArrowColumn => {
      const { kind } = store.extras.find((extra) => extra.name === name)!;
      const type = new List(new Field("item", kind === "bytes" ? new Binary() : new Utf8(), true));
      const { data: [data] } = vectorFromArray(windows as never, type as never);
      return { field: new Field(`extra.${name}`, type, false), data };
    }),
  ];
}

type Numbers = ReturnType<typeof columnsOf>[number]["values"];

const integers = (values: ArrayLike<number>) => BigInt64Array.from(Array.from(values), BigInt);

function flat(name: string, values: Numbers, length: number): ArrowColumn {
  const data = numbersData(values, length);
  return { field: new Field(name, data.type, false), data };
}

/** Each window's values are one list, of which the field's metadata tells the shape. */
function tensor(name: string, values: Numbers, shape: readonly number[], length: number): ArrowColumn {
  const child = numbersData(values, values.length);
  const type = new FixedSizeList(values.length / length, new Field("item", child.type, false));
  const metadata = new Map([
    ["ARROW:extension:name", "arrow.fixed_shape_tensor"],
    ["ARROW:extension:metadata", JSON.stringify({ shape })],
  ]);
  return {
    field: new Field(name, type, false, metadata),
    data: makeData({ type, length, nullCount: 0, child } as never),
  };
}

function numbersData(values: Numbers, length: number): Data {
  const { buffer, byteOffset } = values;
  // The bits of float16 are what Arrow holds too.
  const data = typeOf(values) instanceof Float16
    ? new Uint16Array(buffer, byteOffset, values.length)
    : values;
  return makeData({ type: typeOf(values), length, nullCount: 0, data } as never);
}

function typeOf(values: Numbers): DataType {
  if (values instanceof Float32Array) return new Float32();
  if (values instanceof Float64Array) return new Float64();
  if (values instanceof Uint16Array) return new Uint16();
  if (values instanceof Uint8Array) return new Uint8();
  if (values instanceof Int32Array) return new Int32();
  return values instanceof BigInt64Array ? new Int64() : new Float16();
}
