/** A server of NATS on loopback for a case, and plain clients of it, which do nothing with what they send or take. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { MessageLog } from "../../replicate.ts";
import { natsLog } from "../../replicate.ts";
import { NatsServer } from "../../tests/support/replicate/server.ts";

export { noServer } from "../../tests/support/replicate/server.ts";

const stream = "steps";
/** As a follower asks for them. */
const bytesAhead = 16e6;

export class Broker {
  private constructor(
    private readonly server: NatsServer,
    private readonly nats: NatsConnection,
    /** For what a case needs besides, removed with the server. */
    readonly folder: string,
  ) {}

  static async with<Result>(work: (broker: Broker) => Promise<Result>): Promise<Result> {
    const folder = mkdtempSync(join(tmpdir(), "replicate-"));
    let server: NatsServer | null = null;
    let nats: NatsConnection | null = null;
    try {
      server = await NatsServer.start(folder);
      nats = await connect({ servers: server.address });
      return await work(new Broker(server, nats, folder));
    } finally {
      await nats?.close();
      await server?.kill();
      rmSync(folder, { recursive: true });
    }
  }

  get address(): string {
    return this.server.address;
  }

  /** The log that send and follow use. */
  log(): Promise<MessageLog> {
    return logAt(this.address);
  }

  /** Forgets all messages. */
  async purge(): Promise<void> {
    await (await jetstreamManager(this.nats)).streams.purge(stream);
  }

  /** How many messages there are. */
  async messageCount(): Promise<number> {
    return (await (await jetstreamManager(this.nats)).streams.info(stream)).state.messages;
  }

  /** Publishes messages, each when the one before is acknowledged. */
  async publish(subject: string, messages: readonly Uint8Array[]): Promise<void> {
    const client = jetstream(this.nats);
    for (const message of messages) await client.publish(subject, message);
  }

  /** Takes the first messages of the stream, and returns their bytes. */
  async drain(count: number): Promise<number> {
    const consumer = await jetstream(this.nats).consumers.get(stream, {
      deliver_policy: DeliverPolicy.All,
    });
    const messages = await consumer.consume({ max_bytes: bytesAhead });
    let [left, byteLength] = [count, 0];
    for await (const { data } of messages) {
      byteLength += data.byteLength;
      if (--left === 0) break;
    }
    messages.stop();
    return byteLength;
  }
}

/** The stream of a server, made where it is not there. */
export function logAt(servers: string): Promise<MessageLog> {
  return natsLog({ servers, stream, subjects: [`${stream}.*`] });
}

/** The `nats` command: the one that STREAMSTORE_NATS_COMMAND names, or the PATH's; null where there is none. */
export function findNatsCommand(): string | null {
  const command = process.env.STREAMSTORE_NATS_COMMAND ?? "nats";
  return spawnSync(command, ["--version"]).status === 0 ? command : null;
}

/** Has `nats bench` publish as many messages, each awaited, to a stream of its own. Returns the nanoseconds. */
export function natsBench(command: string, servers: string, count: number, byteLength: number): number {
  const sizes = ["--msgs", `${count}`, "--size", `${byteLength}B`];
  const where = ["--server", servers, "--create", "--purge", "--storage", "file", "--stream", "bench"];
  const args = ["bench", "js", "pub", "sync", "bench.steps", "--no-progress", ...where, ...sizes];
  const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  const rate = /stats: ([\d,]+) msgs\/sec/.exec(stdout)?.[1];
  if (rate === undefined) throw new Error(`Cannot read what nats bench says: ${stdout}${stderr}`);
  return count / Number(rate.replaceAll(",", "")) * 1e9;
}
