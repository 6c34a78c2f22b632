/** What src/dataset/arrow/apache_arrow.ts relies on of the insides of apache-arrow: whoever raises its version looks here. */
import {
  type Data,
  type Dictionary,
  type Int32,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  RecordBatchWriter,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from "apache-arrow";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  decodeHeader,
  decodeIndexSchema,
  type DictionaryHeader,
  loadColumns,
  MessageWriter,
  type RowsHeader,
} from "../../../src/dataset/arrow/apache_arrow.ts";
import { join as joined } from "../../../src/dataset/files/output.ts";
import { writeArrow } from "../../../src/dataset/arrow/write/file.ts";
import { schema, tables } from "../../support/arrow.ts";
import { inFolder } from "../../support/saved.ts";

const root = new URL("../../../", import.meta.url);
const readJson = (path: string) => JSON.parse(readFileSync(new URL(path, root), "utf8"));
const { version } = readJson("node_modules/apache-arrow/package.json");

/** Says which version has broken what. */
function rely(isSo: boolean, what: string): void {
  assert.ok(
    isSo,
    `apache-arrow ${version} must have what src/dataset/arrow/apache_arrow.ts relies on, but not so: ${what}`,
  );
}

test("MessageWriter was written for the version of apache-arrow that package.json pins", () => {
  const { dependencies } = JSON.parse(
    readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
  );
  rely(dependencies["apache-arrow"] === "21.2.0" && version === "21.2.0", "it was read as 21.2.0");
});

test("MessageWriter finds the protected methods and properties that it overrides and calls", () => {
  const methods = ["_writeMessage", "_write", "_writeSchema", "_writeFooter", "_writeMagic", "_writePadding"];
  for (const name of [...methods, "_writeDictionaryBatch"]) {
    rely(typeof Reflect.get(RecordBatchWriter.prototype, name) === "function", `${name} is a method`);
  }
  rely(Object.hasOwn(RecordBatchFileWriter.prototype, "_writeFooter"), "files have a footer of their own");
  rely(
    !Object.hasOwn(RecordBatchStreamWriter.prototype, "_write"),
    "streams are written as the base class does",
  );
  const writer = new RecordBatchStreamWriter();
  rely(Reflect.get(writer, "_position") === 0, "_position is a number");
  rely(Reflect.get(writer, "_started") === false, "_started is a boolean");
  rely(Reflect.get(writer, "_seenDictionaries") instanceof Map, "_seenDictionaries is a Map");
});

/** What MessageWriter hands over: the pieces of each message, and where it says that one begins. */
function written(isFile: boolean): { readonly messages: Uint8Array[][]; readonly isSchema: boolean[] } {
  const messages: Uint8Array[][] = [[]];
  const isSchema: boolean[] = [];
  const sink = {
    begin: (first: boolean) => {
      messages.push([]);
      isSchema.push(first);
      return ["key", "value"] as const;
    },
    add: (piece: Uint8Array) => messages.at(-1)!.push(piece),
  };
  const writer = new MessageWriter(sink, isFile);
  writer.reset(undefined, schema);
  for (const { batches: [batch] } of tables) writer.write(batch);
  writer.finish();
  return { messages, isSchema };
}

for (const isFile of [false, true]) {
  test(`MessageWriter gets of each message of a ${isFile ? "file" : "stream"} the marker, the length and the metadata first`, () => {
    const { messages, isSchema } = written(isFile);
    const [before, ...others] = messages;
    rely(isSchema.join() === "true,false,false,false,false", "a schema, a dictionary and three batches come");
    rely(before.length === (isFile ? 2 : 0), "a file begins with its magic and its padding");
    for (const [marker, length, metadata, padding] of others) {
      rely(marker.length === 4 && marker.every((byte) => byte === 0xff), "-1 comes first");
      const said = new DataView(length.buffer, length.byteOffset).getInt32(0, true);
      const padded = metadata.length + (said > metadata.length ? padding.length : 0);
      rely(length.length === 4 && padded === said, "the length of the metadata comes next, then they");
    }
    const bytes = new Uint8Array(messages.flat().reduce((sum, { length }) => sum + length, 0));
    messages.flat().reduce((at, piece) => (bytes.set(piece, at), at + piece.length), 0);
    const table = tableFromIPC(bytes);
    rely(table.numRows === 10, "the pieces together are what the library's reader takes");
    rely(table.batches.every(({ metadata }) => metadata.get("key") === "value"), "custom metadata are kept");
  });
}

test("MessageWriter writes the index with a name that is empty, and the places of all batches", () => {
  const nameless = new Schema([schema.fields[0].clone({ name: "" })]);
  const pieces: Uint8Array[] = [];
  const sink = { begin: () => ["key", "value"] as const, add: (piece: Uint8Array) => pieces.push(piece) };
  const writer = new MessageWriter(sink, true);
  writer.reset(undefined, nameless);
  writer.finish();
  const footer = pieces.at(-3)!;
  const [{ name }] = tableFromIPC(Uint8Array.from(pieces.flatMap((piece) => [...piece]))).schema.fields;
  rely(name === "" && footer.length > 16, "a field keeps a name whose UTF-8 are no bytes");
  const plain = tableFromIPC(tableToIPC(tables[0].select(["count"]), "file"));
  rely(plain.schema.fields[0].name === "count", "other names are as ever");
});

test("writeArrow() writes a second dictionary of a column to a stream, and refuses it in a file", () =>
  inFolder(async (folder) => {
    const type = schema.fields[2].type as Dictionary<Utf8, Int32>;
    const own = new Schema([schema.fields[2]]);
    const parts = [["a", "b"], ["c", "d"]].map((words) => {
      const dictionary = vectorFromArray(words, new Utf8());
      const column = makeData({
        type,
        nullCount: 0,
        nullBitmap: null,
        data: Int32Array.of(0, 1),
        dictionary,
      });
      const data = makeData({ type: new Struct(own.fields), length: 2, nullCount: 0, children: [column] });
      return new Table(own, [new RecordBatch(own, data)]);
    });
    const path = join(folder, "x.arrows");
    await writeArrow(path, own, parts, "stream");
    assert.deepEqual([...tableFromIPC(readFileSync(path)).getChild("task")!], ["a", "b", "c", "d"]);
    await assert.rejects(writeArrow(join(folder, "x.arrow"), own, parts, "file"), {
      code: "unsupported",
      message: /must have one dictionary in all of its pieces/,
    });
  }));

test("loadColumns() gives the columns of a message, and the values of a dictionary, out of buffers in their order", () => {
  const dictionaries = new Map<number, Vector>();
  const batches: Data[][] = [];
  const [, ...messages] = written(false).messages;
  for (const [, , metadata, ...pieces] of messages.slice(1)) {
    const header = decodeHeader<RowsHeader & Partial<DictionaryHeader>>(metadata);
    const rows = header.data ?? header;
    const body = joined(pieces.slice(metadata.length % 8 === 0 ? 0 : 1));
    const buffers = rows.buffers.map(({ offset, length }) => body.slice(offset, offset + length));
    const types = header.id === undefined ? schema.fields : [schema.dictionaries.get(header.id)!];
    const columns = loadColumns(types, rows, buffers, dictionaries, schema);
    if (header.id === undefined) batches.push(columns);
    else dictionaries.set(header.id, new Vector(columns));
  }
  rely(batches.length === 3 && batches.every(({ length }) => length === 3), "each column comes in one piece");
  const read = schema.fields.map((_, i) => [...new Vector(batches.map((columns) => columns[i]))].map(String));
  const expected = schema.fields.map(({ name }) =>
    tables.flatMap((table) => [...table.getChild(name)!].map(String))
  );
  assert.deepEqual(read, expected);
});

test("decodeHeader() and decodeIndexSchema() give a schema with its dictionaries", () => {
  const { messages } = written(true);
  const index = messages.at(-1)!.at(-3)!;
  for (const found of [decodeHeader<Schema>(messages[1][2]), decodeIndexSchema(index)]) {
    rely(
      found.fields.map(String).join() === schema.fields.map(String).join(),
      "fields are those that were written",
    );
    rely(found.dictionaries.size === 1, "it knows the types of dictionaries by their IDs");
  }
});
