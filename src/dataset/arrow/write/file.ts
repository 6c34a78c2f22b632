import type { Schema, Table } from "apache-arrow";
import { open } from "node:fs/promises";
import { MessageWriter } from "../apache_arrow.ts";
import { digitsOf } from "../checksum.ts";
import { join, writePieces } from "../../files/output.ts";
import { MessageLog } from "./messages.ts";

/** Arrow's IPC formats: a stream of messages, or a file that has them and an index. */
export type ArrowForm = "stream" | "file";

/** Writes tables into one Arrow file, uncompressed; returns the digits of its last checksum. */
export async function writeArrow(
  path: string,
  schema: Schema,
  tables: Iterable<Table>,
  form: ArrowForm,
): Promise<string> {
  const log = new MessageLog();
  await writePieces(path, piecesOf(log, schema, tables, form));
  const digits = digitsOf(log.checksum);
  await overwrite(path, log.lastDigitsAt, digits);
  return digits;
}

/** A schema as the first message of a stream. */
export function schemaMessage(schema: Schema): Uint8Array {
  const log = new MessageLog();
  new MessageWriter(log, false).reset(undefined, schema);
  return join(log.take());
}

function* piecesOf(
  log: MessageLog,
  schema: Schema,
  tables: Iterable<Table>,
  form: ArrowForm,
): Generator<Uint8Array> {
  const writer = new MessageWriter(log, form === "file");
  writer.reset(undefined, schema);
  yield* log.take();
  for (const table of tables) {
    for (const batch of table.batches) {
      if (batch.numRows > 0) writer.write(batch);
      yield* log.take();
    }
  }
  writer.finish();
  yield* log.take();
}

async function overwrite(path: string, at: number, text: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.write(text, at, "latin1");
  } finally {
    await file.close();
  }
}
