/**
 * How cost grows with the rows of a store: stores of one uint8 a row, which is the number of the row's episode modulo 256,
 * 17 bytes a row in all. A writer has each open, and a reader, whose pages are in memory as far as they are read here.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { native } from "../harness/limits.ts";
import { dropPages, isLinux, mappingsOf } from "../harness/mappings.ts";
import {
  fillGrown,
  grownBatches,
  grownFields,
  type GrownStore,
  valueOf,
  windowCount,
  windowLength,
  windowSteps,
} from "../harness/grown.ts";
import { grow, growthOf, type Show, type Subject } from "../harness/growth.ts";
import { elapsed, prove } from "../harness/harness.ts";
import { type Measurement, microseconds, milliseconds, nanosecondsPer } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { createRandom } from "../harness/stream.ts";

/** In a turn, so that most of them find the caches as their own kind left them. */
const batchesPerTurn = 8;
const newRows = 100;

export async function growthByRows(sizes: Sizes, show: Show = () => {}): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), `growth-${process.pid}-`));
  const places: Place[] = [];
  try {
    for (const count of sizes.grownRows) places.push(new Place(join(folder, `${count}.stream`), count));
    // After all of them were written: what is written pushes out what was read. The smallest last.
    for (const place of places.toReversed()) place.touch();
    const measurements = [...filling(places)];
    for (const subject of subjects(sizes)) measurements.push(...await grow("rows", places, subject, show));
    for (const place of places) place.close();
    for (const subject of ofClosed(sizes)) measurements.push(...await grow("rows", places, subject, show));
    return measurements;
  } finally {
    for (const place of places) place.close();
    rmSync(folder, { recursive: true });
  }
}

/** How the stores were made: once each. */
function filling(places: readonly Place[]): Measurement[] {
  return places.map(({ count, fillTime }) => {
    const growth = { what: "appendColumns, from nothing on", by: "rows", count } as const;
    return growthOf(growth, nanosecondsPer("row"), [fillTime], [places[0].fillTime], places[0].count);
  });
}

function subjects(sizes: Sizes): Subject<Place>[] {
  const rounds = sizes.mediumRounds;
  const each = { unit: microseconds, rounds } as const;
  const few = Math.ceil(sizes.longRounds / 5);
  return [
    {
      what: "append and its commit",
      unit: nanosecondsPer("row"),
      rounds,
      round: (place) => place.append(5000),
    },
    {
      what: "window of 128, values",
      unit: nanosecondsPer("window"),
      rounds,
      round: (place) => place.windows(sizes.windowsPerRound),
    },
    { what: "gather 256 × 128, three columns", ...each, round: (place) => place.gather() },
    {
      what: "sampler, uniform, 256 × 4 steps within episodes",
      ...each,
      round: (place) => place.sample("uniform"),
    },
    ...isLinux
      ? [{
        what: "plain copy in Zig of as many such windows",
        ...each,
        round: (place: Place) => place.copy(),
      }]
      : [],
    {
      what: "sampler, shuffled, 256 × 4 steps within episodes",
      ...each,
      round: (place) => place.sample("shuffle"),
    },
    { what: "refresh of a reader", ...each, round: (place) => place.refresh() },
    { what: "the first batch after a refresh", ...each, round: (place) => place.sampleNew() },
    {
      what: "index of episodes",
      unit: nanosecondsPer("row"),
      rounds: few,
      round: (place) => place.index(),
    },
    {
      what: "stats",
      unit: nanosecondsPer("row"),
      rounds: few,
      round: (place) => place.stats(),
    },
  ];
}

function ofClosed(sizes: Sizes): Subject<Place>[] {
  const modes = ["read", "append"] as const;
  return modes.map((mode) => ({
    what: `open to ${mode}`,
    unit: milliseconds,
    rounds: sizes.mediumRounds,
    round: (place) => place.open(mode),
  }));
}

class Place {
  /** Nanoseconds a row. */
  readonly fillTime: number;
  readonly #writer: GrownStore;
  readonly #reader;
  /** Where a file of the reader's begins. */
  readonly #addressOf: (prefix: string) => number;
  readonly #random = createRandom(31);
  readonly #samplers;
  readonly #gathered;

  constructor(private readonly path: string, readonly count: number) {
    this.#writer = StreamStore.open(path, { fields: grownFields, mode: "create" });
    this.fillTime = fillGrown(this.#writer, count) / count;
    this.#writer.sync();
    // Nobody reads where rows start, since they are alike: the memory is for what is read.
    if (isLinux) dropPages(path, 0, ["row.u64"]);
    const known = isLinux ? mappingsOf(path) : [];
    this.#reader = this.#openReader();
    const ofReader = (isLinux ? mappingsOf(path) : []).filter(({ from }) =>
      known.every((other) => other.from !== from)
    );
    this.#addressOf = (prefix) =>
      ofReader.find(({ name, offset }) => name.startsWith(prefix) && offset === 0)!.from;
    this.#gathered = this.#reader.gather(new Float64Array(windowCount), windowLength);
    this.#samplers = { uniform: this.#sampler("uniform"), shuffle: this.#sampler("shuffle") };
  }

  append(count: number): number {
    const first = this.#writer.rowCount;
    return elapsed(() => {
      for (let row = first; row < first + count; row++) this.#writer.append(row, { value: valueOf(row) });
      this.#writer.flush();
    }) / count;
  }

  windows(count: number): number {
    const starts = this.#starts(count, windowLength);
    let sum = 0;
    const time = elapsed(() => {
      for (let i = 0; i < count; i++) sum += this.#reader.window(starts[i], windowLength).values.length;
    });
    prove("windows", sum, count * windowLength);
    const { values } = this.#reader.window(starts[0], windowLength);
    prove("a window's value", values[windowLength - 1], valueOf(starts[0] + windowLength - 1));
    return time / count;
  }

  gather(): number {
    return this.#batches(() => {
      const starts = this.#starts(windowCount, windowLength);
      const time = elapsed(() => void this.#reader.gather(starts, windowLength, this.#gathered));
      const last = windowCount * windowLength - 1;
      const token = starts[windowCount - 1] + windowLength - 1;
      prove("a gathered value", Number(this.#gathered.values[last]), valueOf(token));
      prove("a gathered step", Number(this.#gathered.steps[last]), token);
      return time;
    });
  }

  sample(order: "uniform" | "shuffle"): number {
    const { sampler, out } = this.#samplers[order];
    return this.#batches(() => {
      const time = elapsed(() => void sampler.next(out));
      for (let window = 0; window < windowCount; window++) {
        const episode = valueOf(out.starts[window]);
        prove("the episode of a window's first row", out.values[windowSteps * window], episode);
        prove("the episode of its last row", out.values[windowSteps * window + windowSteps - 1], episode);
      }
      return time;
    });
  }

  /** Values and steps of windows anywhere: what the processor takes to find them, and nothing else. */
  copy(): number {
    const [values, steps] = ["data.", "step."].map(this.#addressOf);
    const [out, outSteps] = [
      new Uint8Array(windowCount * windowSteps),
      new BigInt64Array(windowCount * windowSteps),
    ];
    return this.#batches(() => {
      const starts = this.#starts(windowCount, windowSteps);
      const time = elapsed(() => {
        native.sl_places_copy(starts, windowCount, windowSteps, 1, values, out);
        native.sl_places_copy(starts, windowCount, windowSteps, 8, steps, outSteps);
      });
      prove("a copied value", out[windowSteps - 1], valueOf(starts[0] + windowSteps - 1));
      prove("a copied step", Number(outSteps[1]), starts[0] + 1);
      return time;
    });
  }

  refresh(): number {
    this.append(newRows);
    const time = elapsed(() => void this.#reader.refresh());
    prove("the rows of a reader", this.#reader.rowCount, this.#writer.rowCount);
    return time;
  }

  sampleNew(): number {
    const { sampler, out } = this.#samplers.uniform;
    this.refresh();
    return elapsed(() => void sampler.next(out));
  }

  /** By a reader that knows nothing yet, and finds no file that tells. */
  index(): number {
    for (const name of readdirSync(this.path)) if (name.startsWith("episodes")) rmSync(join(this.path, name));
    using reader = this.#openReader();
    const sampler = reader.sampler(grownBatches("uniform"));
    return elapsed(() => void sampler.next()) / reader.rowCount;
  }

  stats(): number {
    using reader = this.#openReader();
    const time = elapsed(() => void reader.stats());
    prove("the count of a field", reader.stats().value.count, reader.rowCount);
    return time / reader.rowCount;
  }

  open(mode: "read" | "append"): number {
    let store: { readonly rowCount: number; close(): void };
    const time = elapsed(() => store = StreamStore.open(this.path, { mode }));
    prove("the rows of a store", store!.rowCount, this.#writer.rowCount);
    store!.close();
    return time;
  }

  close(): void {
    this.#reader.close();
    this.#writer.close();
  }

  #openReader() {
    return StreamStore.open(this.path, { fields: grownFields, mode: "read" });
  }

  #sampler(order: "uniform" | "shuffle") {
    const sampler = this.#reader.sampler(grownBatches(order));
    const out = sampler.allocate();
    sampler.next(out);
    return { sampler, out };
  }

  /** Reads a value and a step of every page: the first touch of a page costs more than what it is touched for. */
  touch(): void {
    const { values } = this.#reader.window(0, this.#reader.length);
    let sum = 0;
    for (let row = 0; row < values.length; row += 4096) sum += values[row];
    for (let row = 0; row < values.length; row += 512) sum += Number(this.#reader.window(row, 1).steps[0]);
    prove("steps are numbers", Number(Number.isNaN(sum)), 0);
  }

  #starts(count: number, length: number): Float64Array {
    const span = this.count - length + 1;
    return Float64Array.from({ length: count }, () => Math.floor(this.#random() * span));
  }

  #batches(batch: () => number): number {
    let time = 0;
    for (let i = 0; i < batchesPerTurn; i++) time += batch();
    return time / batchesPerTurn;
  }
}
