/** What the tests of Arrow files share: a small table of every kind of message, and a store to load into. */
import {
  Dictionary,
  Field,
  Float32,
  Int32,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { StreamStore } from "../../mod.ts";

const item = new Field("item", new Float32(), true);
export const schema = new Schema([
  new Field("count", new Int32(), true),
  new Field("pose", new List(item), true),
  new Field("task", new Dictionary(new Utf8(), new Int32(), 0), true),
], new Map([["huggingface", '{"info": {"features": {}}}']]));
const words = vectorFromArray(["reach", "grasp"], new Utf8());

/** A null, an empty list, and rows that are told apart by what is in them. */
function tableFrom(first: number, rowCount: number): Table {
  const entries = makeData({
    type: new Float32(),
    data: Float32Array.from({ length: rowCount - 1 }, (_, i) => first + i),
  });
  const offsets = Int32Array.from({ length: rowCount + 1 }, (_, row) => Math.max(0, row - 1));
  const children = [
    makeData({
      type: new Int32(),
      nullCount: 1,
      nullBitmap: Uint8Array.of(0xff ^ 2),
      data: Int32Array.from({ length: rowCount }, (_, i) => first + i),
    }),
    makeData({ type: new List(item), nullCount: 0, nullBitmap: null, valueOffsets: offsets, child: entries }),
    makeData({
      type: schema.fields[2].type as Dictionary<Utf8, Int32>,
      nullCount: 0,
      nullBitmap: null,
      data: Int32Array.from({ length: rowCount }, (_, i) => i % 2),
      dictionary: words,
    }),
  ];
  const data = makeData({ type: new Struct(schema.fields), length: rowCount, nullCount: 0, children });
  return new Table(schema, [new RecordBatch(schema, data)]);
}

export const tables = [tableFrom(1, 3), tableFrom(100, 4), tableFrom(1000, 3)];

/** Loads into one store again and again: a load that is refused must leave it as it was. */
export class Target {
  readonly #store = new StreamStore({ count: 0, pose: 1 }, { capacity: 4096 });
  #added = 0;

  /** The rows of a dataset as text. */
  async load(path: string): Promise<string> {
    const before = this.#store.rowCount;
    try {
      await this.#store.loadDataset(path, "train");
    } finally {
      this.#added = this.#store.rowCount - before;
    }
    const rows = this.#store.rows(before).map(({ step: _, ...fields }) => fields);
    return JSON.stringify(rows);
  }

  /** The rows as text, or the error, which must be one that says what could not be done. */
  async try(path: string): Promise<string | Error> {
    try {
      return await this.load(path);
    } catch (error) {
      const { message } = error as Error;
      assert.match(message, /^Cannot (read|load) /);
      assert.equal(this.#added, 0, message);
      return error as Error;
    }
  }

  /** The message of the error that loading must be. */
  async refusal(path: string): Promise<string> {
    const found = await this.try(path);
    return found instanceof Error ? found.message : assert.fail(`${path} was loaded`);
  }

  [Symbol.dispose]() {
    this.#store.close();
  }
}
