import { windowGroup } from "../native/abi.ts";
import { builtin } from "../native/builtin.ts";
import type { LaterTables } from "../native/runtime.ts";
import { check, status } from "../native/status.ts";
import { type Connection, updates } from "../store/connection.ts";
import { writeAll } from "../store/write_all.ts";
import type { AnyBatch } from "./batch.ts";
import type { BatchPlan, SampleSource } from "./batch_plan.ts";
import { ExtraFiller } from "./extra_fill.ts";
import { Filler, type FillGroups, type Filling, fillingOf } from "./fill.ts";
import { MixedWindows } from "./mixed_windows.ts";
import type { Draw, DrawContext } from "./orders.ts";
import type { EnvironmentPlan, SamplerPlan } from "./plan.ts";
import type { Pool, Reading, RowMemory } from "./pool.ts";
import { allocatePlaces, type Places, placesFrom, type StoreWindows } from "./space.ts";
import { checkHeld, type SamplerState } from "./state.ts";
import { WeightedDraw } from "./weighted.ts";
import { windowsOf } from "./windows.ts";
import { rowBytesOf, RowLister, rowsOver } from "./environment_pool.ts";
import { environmentBits, EnvironmentWindows, storeOf } from "./environment_windows.ts";
import { MixedEnvironments } from "./mixed_environments.ts";
import { environmentsOf } from "./parse_episodes.ts";
import { Part } from "./part.ts";

/** A store of a mixture, and its weight where the stores have some. */
export interface WeightedSource {
  readonly source: SampleSource;
  readonly weight: number | undefined;
}

/** The stores of a mixture. More may come while it is drawn from. */
export class MixedPool implements Pool {
  readonly native: LaterTables["sampler"];
  readonly #shared: LaterTables["shared"];
  readonly windows: MixedWindows;
  readonly sources: SampleSource[] = [];
  readonly #weights: number[] = [];
  readonly #windows: StoreWindows[] = [];
  /** Where rows are those of several environments in turn: how those are told apart, and their windows in each store. */
  readonly #environments: EnvironmentPlan | null;
  readonly #stores: EnvironmentWindows[] = [];
  readonly #lister: RowLister;
  readonly #rows: RowMemory;
  /** Each of them once. */
  readonly #connections: Connection[] = [];
  /** The sources that others write: what those commit shows only when it is looked for. */
  readonly #readers: Readers;
  /** What `updates` was when all sources were prepared last: to look at each takes as long as a third of a batch. */
  #seenUpdates = -1;
  /** What is done with each, as errors say it: `sample from sources[1]`. */
  readonly #actions: string[] = [];
  readonly #filler: Filler;
  readonly #extraFiller: ExtraFiller;
  /** The windows of a batch, those of one store after those of another, and the store of each group. */
  readonly #places: Places;
  readonly #slots: Int32Array;
  readonly #groups: FillGroups & { count: number };
  readonly #groupSources: Int32Array;
  /** Of each source its handle, and a number that is 0 between calls. */
  #handles = new Uint32Array(0);
  #counts = new Uint32Array(0);

  constructor(sources: readonly WeightedSource[], private readonly plan: SamplerPlan, batch: BatchPlan) {
    const [{ source }] = sources;
    const { batchSize, boundary, stride, window: { unit, length, reach } } = plan;
    const rule = { unit, length, stride, boundary, reach };
    const { tables } = source.connection;
    this.native = tables.sampler;
    this.#shared = tables.shared;
    this.#readers = new Readers(tables.shared);
    this.#environments = environmentsOf(plan);
    for (const each of sources) this.add(each);
    this.windows = this.#environments === null
      ? new MixedWindows(this.#windows)
      : new MixedEnvironments(this.#stores, rule, this.native);
    this.#lister = new RowLister(plan);
    this.#rows = this.#environments === null ? [] : rowsOver(new ArrayBuffer(rowBytesOf(plan)), 0, plan);
    this.#filler = new Filler(source, batch);
    this.#extraFiller = new ExtraFiller(batch);
    this.#places = allocatePlaces(batchSize);
    this.#slots = new Int32Array(batchSize);
    this.#groupSources = new Int32Array(batchSize);
    this.#groups = {
      packed: new Float64Array(windowGroup.length * batchSize),
      count: 0,
      actionOf: (group) => `Cannot ${this.#actions[this.#groupSources[group]]}`,
    };
  }

  get hasWeights(): boolean {
    return this.#weights.length > 0;
  }

  add({ source, weight }: WeightedSource): void {
    this.#actions.push(`sample from sources[${this.sources.length}]`);
    if (this.#environments === null) this.#windows.push(windowsOf(source, this.plan));
    else this.#stores.push(this.#environmentsOf(source, this.#environments));
    this.sources.push(source);
    const { connection } = source;
    this.#handles = withRoom(this.#handles, this.sources.length);
    this.#handles[this.sources.length - 1] = connection.store;
    this.#counts = withRoom(this.#counts, this.sources.length);
    if (!this.#connections.includes(connection)) this.#connections.push(connection);
    if (!connection.isWritable) this.#readers.add(this.sources.length - 1, connection.store);
    this.#seenUpdates = -1;
    if (weight !== undefined) this.#weights.push(weight);
  }

  get sourceCount(): number {
    return this.sources.length;
  }

  /** Their number, and what is drawn of each if not every window is as likely: its share of what is drawn of all. */
  sourcesText(count: number): string {
    if (!this.hasWeights) return `${count}`;
    let sum = 0;
    const limits = Float64Array.from(this.#weights.slice(0, count), (weight) => sum += weight);
    for (let i = 0; i < count; i++) limits[i] /= sum;
    const hash = builtin.crypto.createHash("sha256").update(limits).digest("hex");
    return `${count} ${hash.slice(0, 8)}`;
  }

  drawOf(context: DrawContext, size: number): Draw | null {
    return this.hasWeights ? new WeightedDraw(context, this.windows, this.#weights, size) : null;
  }

  prepare(action: string): void {
    const actionOf = (source: number) =>
      action === "sample" ? this.#actions[source] : `${action} of sources[${source}]`;
    const { sources } = this;
    for (let i = 0; i < sources.length; i++) {
      if (sources[i].connection.isWriting) sources[i].connection.checkIdle(actionOf(i));
    }
    if (this.#seenUpdates === updates.count) {
      for (const i of this.#readers.changed()) sources[i].prepare(actionOf(i));
    } else {
      for (let i = 0; i < sources.length; i++) sources[i].prepare(actionOf(i));
    }
    this.#seenUpdates = updates.count;
  }

  readonly reading: Reading = (action, read) => writeAll(this.#connections, action, read);

  checkHeld({ epoch }: SamplerState): void {
    for (const [i, source] of this.sources.entries()) {
      const end = epoch?.sources?.[2 * i] ?? 0;
      checkHeld(end, this.plan, source.connection, `sources[${i}].store`);
    }
  }

  fill(batch: AnyBatch, size: number, places: Places): void {
    this.#group(size, places);
    if (this.#environments !== null) this.#list(size, places);
    this.#filler.fill(batch, this.plan.batchSize, { ...this.#filling(size), groups: this.#groups });
    batch.sources!.set(places.sources);
  }

  #filling(size: number): Filling {
    return this.#environments === null
      ? fillingOf(this.plan.window, this.#places, this.#slots, size)
      : this.#lister.filling(size, this.#places, this.#slots, this.#rows);
  }

  /** Finds the rows of windows that are grouped; from here on places say where windows stand in their stores. */
  #list(size: number, places: Places): void {
    const { packed, count } = this.#groups;
    let first = 0;
    for (let group = 0; group < count; group++) {
      const windows = packed[group * windowGroup.length + windowGroup.count];
      const { environments } = this.#stores[this.#groupSources[group]];
      this.#lister.list(environments, windows, placesFrom(this.#places, first), this.#rows, first);
      first += windows;
    }
    const { anchors, starts } = this.#places;
    for (let at = 0; at < size; at++) {
      places.anchors[this.#slots[at]] = anchors[at];
      places.starts[this.#slots[at]] = starts[at];
    }
    for (let i = 0; i < size; i++) places.sources[i] = storeOf(places.sources[i]);
  }

  #environmentsOf({ connection, index }: SampleSource, plan: EnvironmentPlan): EnvironmentWindows {
    const { boundary, stride, between, window: { unit, length, reach } } = this.plan;
    const part = between === null ? null : new Part(connection, between);
    const rule = { unit, length, stride, boundary, reach };
    return new EnvironmentWindows(index.environments(plan), rule, part, this.sources.length);
  }

  giveExtras(batch: AnyBatch, size: number): void {
    // What is made for each store takes as long as its windows.
    if (this.plan.extra === null) return;
    let first = 0;
    const fillings = Array.from({ length: this.#groups.count }, (_, group) => {
      const count = this.#groups.packed[group * windowGroup.length + windowGroup.count];
      const filling = { ...this.#filling(count), first };
      first += count;
      return [this.sources[this.#groupSources[group]], filling] as const;
    });
    this.#extraFiller.give(batch, size, fillings, this.reading);
  }

  /** Puts the windows of each source together, in the order in which the first of each was drawn. */
  #group(size: number, { sources, anchors, starts, lengths }: Places): void {
    const { packed } = this.#groups;
    const code = this.#shared.ss_windows_group(
      sources,
      size,
      this.#environments === null ? 0 : environmentBits,
      this.#handles,
      this.sources.length,
      this.#counts,
      anchors,
      starts,
      lengths,
      this.#places.sources,
      this.#places.anchors,
      this.#places.starts,
      this.#places.lengths,
      this.#slots,
      this.#groupSources,
      packed,
      groupCount,
    );
    check(code, "Cannot sample");
    this.#groups.count = groupCount[0];
  }
}

const groupCount = new Float64Array(1);

/** Stores that others write: what those commit shows only when it is looked for, in all of them by one call. */
class Readers {
  readonly #sources: number[] = [];
  #handles = new Uint32Array(0);
  /** Of each store the commit that it shows, and the lower half of the number that it had at the last look. */
  #sequences = new Uint32Array(0);
  #seen = new Uint32Array(0);
  readonly #looked = new Float64Array(1);

  constructor(private readonly native: LaterTables["shared"]) {}

  /** @param source Its number, as `changed` says it. */
  add(source: number, handle: number): void {
    const count = this.#sources.push(source);
    this.#handles = withRoom(this.#handles, count);
    this.#handles[count - 1] = handle;
    this.#seen = withRoom(this.#seen, count);
    this.#sequences = withRoom(this.#sequences, 2 * count);
  }

  /** Goes to the newest commit of each. Returns those that have another one than at the last look, or cannot be read. */
  changed(): number[] {
    const count = this.#sources.length;
    if (count === 0) return this.#sources;
    const code = this.native.ss_stores_refresh(this.#handles, count, this.#sequences, this.#looked);
    const changed = code === status.ok ? [] : [this.#sources[this.#looked[0]]];
    for (let i = 0; i < this.#looked[0]; i++) {
      if (this.#seen[i] === this.#sequences[2 * i]) continue;
      this.#seen[i] = this.#sequences[2 * i];
      changed.push(this.#sources[i]);
    }
    return changed;
  }
}

/** An array of numbers that has place for so many; twice as many where it had not. */
function withRoom(numbers: Uint32Array<ArrayBuffer>, count: number): Uint32Array<ArrayBuffer> {
  if (count <= numbers.length) return numbers;
  const grown = new Uint32Array(2 * count);
  grown.set(numbers);
  return grown;
}
