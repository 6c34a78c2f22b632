/**
 * Publishes the messages in a file to many subjects, as their collectors would: the first to each at once, the others when
 * it is told to, four to each a second: `chunks.ts <server> <file> <subjects>`. The file has each message behind its length.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { connect } from "@nats-io/transport-node";
import { pause } from "../../src/pause.ts";

const [, , servers, file, count] = process.argv;
const subjects = Array.from({ length: Number(count) }, (_, i) => `steps.many-${i}`);
const everyMs = 250;
const nats = await connect({ servers });
const [first, ...others] = readMessages(file);
for (const subject of subjects) nats.publish(subject, first);
await nats.flush();
console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now();
  for (const [round, message] of others.entries()) {
    // Collectors do not send all at the same time.
    for (const [i, subject] of subjects.entries()) {
      const due = start + everyMs * (round + i / subjects.length);
      const early = due - performance.now();
      if (early > 0) await pause(early);
      nats.publish(subject, message);
    }
  }
  await nats.flush();
  console.log("published");
}
await nats.close();

function readMessages(path: string): Uint8Array[] {
  const bytes = readFileSync(path);
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    messages.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return messages;
}
