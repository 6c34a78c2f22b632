/** A follower of many collectors, each of which sends four chunks a second: whether it keeps up. */
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import { follow } from "../../replicate.ts";
import { pause } from "../../src/pause.ts";
import { Child } from "../harness/children.ts";
import { elapsedUntil, prove } from "../harness/harness.ts";
import { type Measurement, measurementOf, milliseconds, notMeasured } from "../harness/measurement.ts";
import { messagesOf } from "../harness/messages.ts";
import type { Broker } from "../harness/nats.ts";
import type { Sizes } from "../harness/sizes.ts";
import { filledStore, narrowFields, tokensPerStep, valueAt } from "../harness/stream.ts";

/** What a collector of 64 steps a second has in a quarter of a second. */
const rowsPerChunk = 16;
/** Beyond, it is behind for good. */
const catchUpMs = 60_000;

export async function many(sizes: Sizes, broker: Broker): Promise<Measurement[]> {
  const isSmall = sizes.mode === "small";
  const [collectors, chunks] = isSmall ? [10, 4] : [1000, 40];
  await broker.purge();
  const file = join(broker.folder, "chunks");
  writeFileSync(file, await chunksOf(broker, chunks + 1));
  const publisher = Child.ofScript("chunks", broker.address, file, `${collectors}`);
  await publisher.answer();
  const [end, log] = [new AbortController(), await broker.log()];
  const rowsOf = new Map<string, { readonly replica: StreamStore; readonly endRow: number }>();
  const following = follow(log, {
    directory: join(broker.folder, "many"),
    subjects: "steps.*",
    signal: end.signal,
    onProgress: ({ subject, replica, endRow }) => void rowsOf.set(subject, { replica, endRow }),
  });
  const rowCount = () => rowsOf.values().reduce((sum, { endRow }) => sum + endRow, 0);
  const until = async (rows: number) => {
    for (const start = performance.now(); rowCount() < rows;) {
      if (performance.now() - start > catchUpMs) return false;
      await pause(1);
    }
    return true;
  };
  // Each replica is there before it is measured: a thousand are made in longer than a quarter of a second.
  let madeRows = 0;
  while (!await until(collectors * rowsPerChunk)) {
    if (madeRows === rowCount()) throw new Error(`no replica was made for ${catchUpMs} ms`);
    madeRows = rowCount();
  }
  await publisher.ask("go");
  const rows = collectors * rowsPerChunk * (chunks + 1);
  const behindRows = rows - rowCount();
  let isThere = false;
  const time = await elapsedUntil(async () => void (isThere = await until(rows)));
  if (isThere) { for (const { replica } of rowsOf.values()) check(replica, rowsPerChunk * (chunks + 1)); }
  end.abort();
  await following;
  await Promise.all([log.close(), publisher.end()]);
  const name = `follow of ${
    collectors.toLocaleString("en")
  } collectors, 4 messages of ${rowsPerChunk} rows a second each`;
  if (!isThere) return [notMeasured(name, `${behindRows} rows behind, and not there after a minute`)];
  return [
    measurementOf(`${name}: how far behind`, milliseconds, { time, best: time }, { goal: { valueMax: 250 } }),
  ];
}

/** The chunks of one store, each behind its length: every collector sends the same. */
async function chunksOf(broker: Broker, count: number): Promise<Uint8Array> {
  const options = { fields: narrowFields };
  using store = filledStore(
    count * rowsPerChunk,
    StreamStore.open(join(broker.folder, "chunks.stream"), options) as never,
  );
  const messages = await messagesOf(store as never, rowsPerChunk);
  const lengths = messages.map(({ byteLength }) => new Uint8Array(Uint32Array.of(byteLength).buffer));
  return Buffer.concat(messages.flatMap((message, i) => [lengths[i], message]));
}

function check(replica: StreamStore, rows: number): void {
  prove("the rows of a replica", replica.rowCount, rows);
  const token = replica.length - tokensPerStep;
  prove("a replica", Number(replica.window(token, 1).values[0]), valueAt(token));
}
