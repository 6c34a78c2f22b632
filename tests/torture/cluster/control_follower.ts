/**
 * Followers that are wrong as followers often are, so that the comparison is seen to fail:
 *
 * - `sequence` trusts the log's numbers: it notes the last one beside its replicas, and what has the next one goes on from
 *   what is there. A broker that was rolled back gives numbers again, and it passes over what comes with those.
 * - `acknowledgement` tells the broker of each message once it is appended and durable, and appends what it is given. What
 *   it has not told of when it is killed comes again, though it is there, or behind what came since.
 *
 * Rows are appended by the replicas' own code, so that nothing else is wrong with them.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { AckPolicy, jetstream, jetstreamManager, type JsMsg } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { pause } from "../../../src/pause.ts";
import { tokenOfRow } from "../../../src/read/row.ts";
import { decodeRows, type MessageHead } from "../../../src/replicate/message.ts";
import { openReplica, type Replica } from "../../../src/replicate/replica.ts";
import { sessionOf } from "../../../src/store/session.ts";
import { tell } from "../tell.ts";
import type { FollowerRequest } from "./follower.ts";
import { connection, openLog, stream, subjects } from "./log_child.ts";

export type Control = "sequence" | "acknowledgement";

export interface ControlRequest extends FollowerRequest {
  readonly control: Control;
}

/** What it has, and where its last message ended. */
interface Own {
  readonly replica: Replica;
  readonly endRow: number;
}

const request: ControlRequest = JSON.parse(process.argv[2]);
const { directory, control, servers } = request;
const bySubject = new Map<string, Own>();
let messages = 0;

mkdirSync(directory, { recursive: true });
const log = await openLog(request);
const followSome = { sequence: followSequence, acknowledgement: followAcknowledged }[control];
// Through whatever the broker does not answer, as any follower.
for (;; await pause(100)) await followSome().catch(() => {});

async function followSequence(): Promise<void> {
  const path = join(directory, "number");
  const noted = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  for await (
    const { subject, number, bytes } of log.read(subjects, noted + 1, new AbortController().signal)
  ) {
    // Only the message after the noted one may be there already.
    if (!applyFirst(subject, bytes)) append(subject, bytes);
    writeFileSync(`${path}.new`, String(number));
    renameSync(`${path}.new`, path);
    tell(String(++messages));
  }
}

async function followAcknowledged(): Promise<void> {
  const nats = await connect({ ...connection, servers: [...servers] });
  const manager = await jetstreamManager(nats);
  const name = "control";
  const seconds = 1e9;
  const settings = {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    ack_wait: 2 * seconds,
    filter_subject: subjects,
  };
  await manager.consumers.add(stream, settings);
  const consumer = await jetstream(nats).consumers.get(stream, name);
  const untold: JsMsg[] = [];
  const telling = setInterval(() => {
    for (const { replica } of bySubject.values()) replica.store.sync();
    for (const message of untold.splice(0)) message.ack();
  }, 200);
  try {
    for await (const message of await consumer.consume({ max_bytes: 16e6 })) {
      append(message.subject, new Uint8Array(message.data));
      untold.push(message);
      tell(String(++messages));
    }
  } finally {
    clearInterval(telling);
    await nats.close();
  }
}

/** As the true follower does, where that is possible. Returns whether it was the first message of its subject. */
function applyFirst(subject: string, bytes: Uint8Array): boolean {
  if (bySubject.has(subject)) return false;
  const message = decodeRows(bytes);
  const { replica } = own(subject, message.head);
  try {
    if (replica.apply(message) === "gap") return false;
  } catch {
    return false;
  }
  bySubject.set(subject, { replica, endRow: message.head.endRow });
  return true;
}

/** Puts a message's rows behind those that are there, whichever these are. */
function append(subject: string, bytes: Uint8Array): void {
  const { head, table } = decodeRows(bytes);
  const { replica, endRow } = own(subject, head);
  // The last row may come again, with more in it.
  const row = replica.store.rowCount - (head.row === endRow - 1 ? 1 : 0);
  const [rows, tokens] = [row - head.row, tokenOfRow(sessionOf(replica.store)!, row) - head.token];
  const moved = {
    ...head,
    row,
    token: head.token + tokens,
    endRow: head.endRow + rows,
    endToken: head.endToken + tokens,
    sessions: head.sessions.map((session) => session + rows),
  };
  replica.apply({ head: moved, table });
  bySubject.set(subject, { replica, endRow: head.endRow });
}

function own(subject: string, head: MessageHead): Own {
  let found = bySubject.get(subject);
  if (found === undefined) {
    found = {
      replica: openReplica(join(directory, `${subject}.stream`), { ...head, row: 0, token: 0 }),
      endRow: 0,
    };
    bySubject.set(subject, found);
  }
  return found;
}
