/** A cluster under test: servers, and for each collector a store, a sender, and replicas at every follower. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { NatsServer } from "../../../examples/cluster/nats_server.ts";
import { pause } from "../../../src/pause.ts";
import { Random } from "../../support/support.ts";
import { fieldsBy, type Widths } from "../content.ts";
import type { WriterRequest } from "../kill_writer.ts";
import { compareReplica, recover, rowCountOf } from "./compare.ts";
import type { FollowerRequest } from "./follower.ts";
import { Part } from "./part.ts";
import type { SenderRequest } from "./sender.ts";

export interface ClusterOptions {
  readonly folder: string;
  readonly seed: number;
  /** How many there are of each. */
  readonly servers: number;
  readonly collectors: number;
  readonly followers: number;
}

/** A collector's store, and its replica at one of the followers. */
interface Pair {
  readonly collector: number;
  readonly store: string;
  readonly replica: string;
}

/** How long replicas may take to have all, once nothing is killed any more. */
const catchUpMilliseconds = 180_000;

export class Cluster {
  readonly parts: Part[] = [];
  readonly random: Random;
  #servers: NatsServer[] = [];
  #failure: Error | null = null;

  constructor(private readonly options: ClusterOptions) {
    this.random = new Random(options.seed);
  }

  get servers(): readonly NatsServer[] {
    return this.#servers;
  }

  async start(): Promise<void> {
    const { folder, servers, collectors, followers } = this.options;
    mkdirSync(folder, { recursive: true });
    this.#servers = await NatsServer.startCluster(folder, servers, "max_payload: 8MB");
    for (let i = 0; i < collectors; i++) this.#addCollector(i);
    for (let i = 0; i < followers; i++) {
      const request: FollowerRequest = { ...this.#log, directory: this.#directory(i) };
      this.#add("follower", i, "cluster/follower.ts", () => request);
    }
    for (const part of this.parts) part.start();
  }

  /** What ended by itself, or was found wrong. */
  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** The rows that collectors have said are there. */
  get acknowledged(): number[] {
    return this.parts.filter(({ role }) => role === "collector").map(({ line }) => Number(line));
  }

  /** Nothing is appended any more; once all has arrived, everything is ended, and compared. Returns the rows compared. */
  async finish(): Promise<number> {
    const acknowledged = this.acknowledged;
    for (const part of this.parts) if (part.role === "collector") await part.kill();
    const pairs = this.#pairs();
    const rowCounts = acknowledged.map((count, i) => {
      const rowCount = recover(this.#store(i));
      assert.ok(
        rowCount >= count,
        `${count} rows were acknowledged by collector ${i}, ${rowCount} are there`,
      );
      return rowCount;
    });
    await this.#waitUntilCaughtUp(pairs, rowCounts);
    await this.end();
    this.throwFailure();
    let compared = 0;
    for (const { store, replica } of pairs) compared += await compareReplica(store, replica);
    return compared;
  }

  async end(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.kill()));
    await Promise.all(this.#servers.map((server) => server.kill()));
  }

  get #log() {
    return { servers: this.#servers.map(({ address }) => address), replicas: this.options.servers };
  }

  #store = (i: number) => join(this.options.folder, `collector-${i}.stream`);
  #directory = (i: number) => join(this.options.folder, `follower-${i}`);

  #addCollector(i: number): void {
    const widths = (Object.keys(fieldsBy) as Widths[])[this.random.below(5)];
    const path = this.#store(i);
    const hasExtras = widths !== "single" && this.random.below(2) === 0;
    const capacity = [100, 5000, 1_000_000][this.random.below(3)];
    const writer = (): WriterRequest => ({
      path,
      seed: this.random.below(2 ** 31),
      capacity,
      widths,
      hasExtras,
      splits: true,
      rowsPerSecond: 2000,
    });
    const request: SenderRequest = { ...this.#log, path, subject: `steps.${i}`, rows: 1000 };
    this.#add("collector", i, "kill_writer.ts", writer);
    this.#add("sender", i, "cluster/sender.ts", () => request);
  }

  #add(role: Part["role"], i: number, file: string, request: () => unknown): void {
    const onEnd = (reason: Error) => void (this.#failure ??= reason);
    this.parts.push(new Part(role, `${role} ${i}`, file, request, onEnd));
  }

  #pairs(): Pair[] {
    const { collectors, followers } = this.options;
    return Array.from({ length: collectors * followers }, (_, i) => {
      const collector = i % collectors;
      const replica = join(this.#directory(Math.floor(i / collectors)), `steps.${collector}.stream`);
      return { collector, store: this.#store(collector), replica };
    });
  }

  async #waitUntilCaughtUp(
    pairs: readonly Pair[],
    rowCounts: readonly number[],
  ): Promise<void> {
    const end = performance.now() + catchUpMilliseconds;
    for (const { replica, collector } of pairs) {
      for (;;) {
        this.throwFailure();
        const found = existsSync(join(replica, "store.json")) ? rowCountOf(replica) : 0;
        if (found === rowCounts[collector]) break;
        assert.ok(found < rowCounts[collector], `${replica} has ${found} rows of ${rowCounts[collector]}`);
        assert.ok(performance.now() < end, `${replica} has only ${found} rows of ${rowCounts[collector]}`);
        await pause(20);
      }
    }
  }
}
