import { Dictionary, Field, Int32, List, Schema, Struct, TimestampMicrosecond, Utf8 } from "apache-arrow";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeArrowSchema } from "../../../src/dataset/arrow/schema.ts";
import { Flatbuffer } from "../../../src/dataset/arrow/flatbuffer.ts";
import { checkMessage } from "../../../src/dataset/arrow/flatbuffer_check.ts";
import { schemaMessage } from "../../../src/dataset/arrow/write/file.ts";
import { fixture } from "../../support/dataset.ts";

const item = new Field("item", new Int32(), true);
const schema = new Schema(
  [
    new Field("scalar", new Int32(), true, new Map([["key", "value"]])),
    new Field("list", new List(new Field("item", new List(item), true)), true),
    new Field("pair", new Struct([item, new Field("text", new Utf8(), true)]), true),
    new Field("when", new TimestampMicrosecond("Europe/Berlin"), true),
    new Field("word", new Dictionary(new Utf8(), new Int32()), true),
  ],
  new Map([["huggingface", "{}"]]),
);
const message = schemaMessage(schema);

test("checkMessage() and decodeArrowSchema() take a schema that is whole, with all of its fields", () => {
  const { kind, bodyLength, codec, digits } = checkMessage(message.subarray(8));
  assert.deepEqual([kind, bodyLength, codec, digits?.count], ["schema", 0, null, 16]);
  const read = decodeArrowSchema(Buffer.from(message).toString("base64"))!;
  assert.deepEqual(read.fields.map(String), schema.fields.map(String));
  // As it was before 2019: without the -1 in front.
  assert.ok(decodeArrowSchema(Buffer.from(message.subarray(4)).toString("base64")) !== null);
});

test("decodeArrowSchema() ends soon whatever byte of the schema is damaged", () => {
  const slowest = { ms: 0, at: -1 };
  let refused = 0;
  for (let at = 0; at < message.length; at++) {
    for (const byte of [0xff, 0x7f, 0x80, 0x01, message[at] ^ 4]) {
      const damaged = message.slice();
      damaged[at] = byte;
      const start = performance.now();
      if (decodeArrowSchema(Buffer.from(damaged).toString("base64")) === null) refused++;
      const ms = performance.now() - start;
      if (ms > slowest.ms) Object.assign(slowest, { ms, at });
    }
  }
  assert.ok(refused > message.length, `${refused} refused`);
  assert.ok(slowest.ms < 2000, `byte ${slowest.at} took ${slowest.ms} ms`);
});

test("decodeArrowSchema() takes what is cut short, empty or no base64 for no schema", () => {
  for (let length = 0; length < message.length; length += 3) {
    assert.equal(decodeArrowSchema(Buffer.from(message.subarray(0, length)).toString("base64")), null);
  }
  for (const text of [undefined, "", "~~~", "AAAA"]) assert.equal(decodeArrowSchema(text), null);
});

test("checkMessage() refuses fields that lead back to themselves", () => {
  // The offset of a list's children is turned to the fields that the list itself is one of.
  const bytes = message.slice(8);
  const view = new DataView(bytes.buffer);
  let refused = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const kept = view.getUint32(at, true);
    for (const back of [-64, -32, -16, -8, 8, 16]) {
      view.setUint32(at, kept + back, true);
      try {
        checkMessage(bytes);
      } catch {
        refused++;
      }
    }
    view.setUint32(at, kept, true);
  }
  assert.ok(refused > 100);
  assert.equal(checkMessage(bytes).kind, "schema");
});

test("checkMessage() refuses more buffers of views than a message has, however many are said", () => {
  const bytes = new Uint8Array(readFileSync(fixture("rare.arrows")));
  const view = new DataView(bytes.buffer);
  let refused = 0;
  for (let at = 0; view.getInt32(at + 4, true) > 0;) {
    const body = at + 8 + view.getInt32(at + 4, true);
    const metadata = bytes.subarray(at + 8, body);
    const { kind, bodyLength } = checkMessage(metadata);
    const { start, count } = kind === "batch"
      ? new Flatbuffer(metadata).root.child(2)!.vector(4, 8)
      : { start: 0, count: 0 };
    for (let i = 0; i < count; i++) {
      const place = at + 8 + start + 8 * i;
      const kept = view.getBigInt64(place, true);
      for (const wrong of [-1n, 1000n, 2n ** 31n, 2n ** 62n]) {
        view.setBigInt64(place, wrong, true);
        assert.throws(() => checkMessage(metadata), /columns of views must have at most \d+ buffers, got /);
        refused++;
      }
      view.setBigInt64(place, kept, true);
    }
    at = body + bodyLength;
  }
  assert.ok(refused >= 8, `${refused}`);
});
