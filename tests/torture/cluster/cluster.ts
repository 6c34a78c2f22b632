/**
 * A cluster under test: servers, and for each collector a store, a sender, and replicas at every follower, of which
 * trainers draw.
 */
import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { NatsServer } from "../../../examples/cluster/nats_server.ts";
import { pause } from "../../../src/pause.ts";
import { Random } from "../../support/support.ts";
import { fieldsBy, type Widths } from "../content.ts";
import type { WriterRequest } from "../kill_writer.ts";
import { compareReplicas, endRowOf, recover } from "./compare.ts";
import type { Control, ControlRequest } from "./control_follower.ts";
import { Disk } from "./disk.ts";
import type { LogRequest } from "./log_child.ts";
import { Part } from "./part.ts";
import { Proxy } from "./proxy.ts";
import type { SenderRequest } from "./sender.ts";
import type { TrainerRequest } from "./trainer.ts";

export interface ClusterOptions {
  readonly folder: string;
  readonly seed: number;
  /** How many there are of each; a trainer draws of the replicas of one follower. */
  readonly servers: number;
  readonly collectors: number;
  readonly followers: number;
  readonly trainers: number;
  /** Followers that are wrong, which the comparison must find. */
  readonly control?: Control;
  /** How long replicas may take to have all, once nothing is killed any more. */
  readonly catchUpMilliseconds?: number;
}

/** A collector's store, and where its replicas are at one of the followers. */
interface Pair {
  readonly collector: number;
  readonly store: string;
  readonly directory: string;
  readonly subject: string;
}

export class Cluster {
  readonly parts: Part[] = [];
  readonly random: Random;
  /** Whether the log has dropped rows, so that some may be in no replica. */
  mayHaveGaps = false;
  /** That of the first follower, or why it has none. */
  disk: Disk | string = "it was not begun";
  #servers: NatsServer[] = [];
  #proxies: Proxy[] = [];
  #failure: Error | null = null;
  #serversFree: Promise<unknown> = Promise.resolve();

  constructor(readonly options: ClusterOptions) {
    this.random = new Random(options.seed);
  }

  get proxies(): readonly Proxy[] {
    return this.#proxies;
  }

  async start(): Promise<void> {
    const { folder, servers, collectors, followers, trainers } = this.options;
    mkdirSync(folder, { recursive: true });
    this.#servers = await NatsServer.startCluster(folder, servers, "max_payload: 8MB");
    this.#proxies = await Promise.all(this.#servers.map(({ port }) => Proxy.start(port)));
    this.disk = Disk.mount(this.directory(0));
    for (let i = 0; i < collectors; i++) this.#addCollector(i);
    for (let i = 0; i < followers; i++) this.#addFollower(i);
    for (let i = 0; i < trainers; i++) this.#addTrainer(i);
    for (const part of this.parts) part.start();
    // A store that nobody has made cannot be compared.
    await Promise.all(this.partsOf("collector").map((part) => part.told()));
  }

  /** What ended by itself, or was found wrong. */
  throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** Has a task kill servers, change what they keep, and start them: no other does meanwhile. */
  async withServers<Result>(task: (servers: readonly NatsServer[]) => Promise<Result>): Promise<Result> {
    const done = this.#serversFree.then(() => task(this.#servers));
    this.#serversFree = done.catch(() => {});
    return await done;
  }

  /** Where clients find the log: behind the network. */
  get log(): LogRequest {
    return { servers: this.#proxies.map(({ address }) => address), replicas: this.options.servers };
  }

  partsOf(role: Part["role"]): Part[] {
    return this.parts.filter((part) => part.role === role);
  }

  /** The rows that collectors have said are there. */
  get acknowledged(): number[] {
    return this.partsOf("collector").map(({ line }) => Number(line));
  }

  /** That trainers have drawn, and found right. */
  get windows(): number {
    return this.partsOf("trainer").reduce((sum, { total }) => sum + total, 0);
  }

  /** Nothing is appended any more; once all has arrived, everything is ended, and compared. Returns the rows compared. */
  async finish(): Promise<number> {
    const { acknowledged } = this;
    for (const part of this.partsOf("collector")) await part.end();
    const pairs = this.#pairs();
    const rowCounts = acknowledged.map((count, i) => {
      const rowCount = recover(this.store(i));
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
    for (const { store, directory, subject } of pairs) {
      compared += await compareReplicas(store, directory, subject, this.mayHaveGaps);
    }
    return compared;
  }

  async end(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.end()));
    await this.withServers((servers) => Promise.all(servers.map((server) => server.kill())));
    await Promise.all(this.#proxies.splice(0).map((proxy) => proxy.end()));
  }

  /** All that it has left. */
  remove(): void {
    if (this.disk instanceof Disk) this.disk.unmount();
    rmSync(this.options.folder, { recursive: true });
  }

  store = (collector: number) => join(this.options.folder, `collector-${collector}.stream`);
  directory = (follower: number) => join(this.options.folder, `follower-${follower}`);
  subject = (collector: number) => `steps.${collector}`;

  /** What a sender of a store, or of a copy of it, is asked for. */
  senderRequest(collector: number, path = this.store(collector)): SenderRequest {
    return { ...this.log, path, subject: this.subject(collector), rows: 1000 };
  }

  #addCollector(i: number): void {
    const widths = (Object.keys(fieldsBy) as Widths[])[this.random.below(5)];
    const path = this.store(i);
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
    this.#add("collector", i, "kill_writer.ts", writer);
    this.#add("sender", i, "cluster/sender.ts", () => this.senderRequest(i));
  }

  #addFollower(i: number): void {
    const { control = null } = this.options;
    const request = () => ({ ...this.log, directory: this.directory(i), control }) as ControlRequest;
    this.#add("follower", i, `cluster/${control === null ? "follower" : "control_follower"}.ts`, request);
  }

  #addTrainer(i: number): void {
    const directory = this.directory(i % this.options.followers);
    const request = (): TrainerRequest => ({ directory, seed: this.random.below(2 ** 31) });
    this.#add("trainer", i, "cluster/trainer.ts", request);
  }

  #add(role: Part["role"], i: number, file: string, request: () => unknown): void {
    const onEnd = (reason: Error) => void (this.#failure ??= reason);
    this.parts.push(new Part(role, i, file, request, onEnd));
  }

  #pairs(): Pair[] {
    const { collectors, followers } = this.options;
    return Array.from({ length: collectors * followers }, (_, i) => {
      const collector = i % collectors;
      const directory = this.directory(Math.floor(i / collectors));
      return { collector, store: this.store(collector), directory, subject: this.subject(collector) };
    });
  }

  async #waitUntilCaughtUp(pairs: readonly Pair[], rowCounts: readonly number[]): Promise<void> {
    const { catchUpMilliseconds = 180_000 } = this.options;
    const end = performance.now() + catchUpMilliseconds;
    for (const { directory, subject, collector } of pairs) {
      for (const rowCount = rowCounts[collector];;) {
        this.throwFailure();
        const found = endRowOf(directory, subject);
        if (found === rowCount) break;
        const message = `the replica of ${subject} in ${directory} has ${found} rows of ${rowCount}`;
        assert.ok(found < rowCount && performance.now() < end, message);
        await pause(20);
      }
    }
  }
}
