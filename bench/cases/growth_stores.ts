/** How cost grows with the number of stores, each with as many rows. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import {
  grownBatches,
  grownFields,
  type GrownStore,
  windowCount,
  windowLength,
  windowSteps,
} from "../harness/grown.ts";
import { grow, type Show, type Subject } from "../harness/growth.ts";
import { elapsed, prove } from "../harness/harness.ts";
import { type Measurement, microseconds, nanosecondsPer } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { createRandom } from "../harness/stream.ts";

const rowsPerEpisode = 347;
const batchesPerTurn = 8;
const newRows = 10;
/** A store's last rows are another's next ones: so each has rows of its own. */
const valueOf = (store: number, row: number): number => store + Math.floor(row / rowsPerEpisode) & 0xff;

export async function growthByStores(sizes: Sizes, show: Show = () => {}): Promise<Measurement[]> {
  const folder = mkdtempSync(join(tmpdir(), `growth-${process.pid}-`));
  const all = new Collectors(folder, Math.max(...sizes.grownStores), sizes.rowsPerStore);
  const places = sizes.grownStores.map((count) => new Place(all, count));
  try {
    const measurements: Measurement[] = [];
    for (const subject of subjects(sizes)) measurements.push(...await grow("stores", places, subject, show));
    return measurements;
  } finally {
    all.close();
    rmSync(folder, { recursive: true });
  }
}

function subjects(sizes: Sizes): Subject<Place>[] {
  const each = { unit: microseconds, rounds: sizes.mediumRounds } as const;
  const perStore = { unit: { text: "µs/store", size: 1e3 }, rounds: sizes.longRounds } as const;
  return [
    {
      what: "window of 128, values, of each in turn",
      ...each,
      unit: nanosecondsPer("window"),
      round: (place) => place.windows(5000),
    },
    { what: "gather 256 × 128, three columns, of each in turn", ...each, round: (place) => place.gather() },
    {
      what: "mixture, uniform, 256 × 4 steps within episodes",
      ...each,
      round: (place) => place.sample("uniform"),
    },
    {
      what: "mixture, shuffled, 256 × 4 steps within episodes",
      ...each,
      round: (place) => place.sample("shuffle"),
    },
    { what: "commit of 10 rows", ...perStore, round: (place) => place.commit() },
    { what: "refresh of a reader", ...perStore, round: (place) => place.refresh() },
    { what: "open to read", ...perStore, round: (place) => place.open() },
    { what: "index of episodes: the first batch of a mixture", ...perStore, round: (place) => place.index() },
    { what: "stats", ...perStore, round: (place) => place.stats() },
    // The last: what it appends goes to fewer stores where there are few.
    {
      what: "append, a row to each in turn",
      ...each,
      unit: nanosecondsPer("row"),
      round: (place) => place.append(5000),
    },
  ];
}

/** Stores, and a writer of each. */
class Collectors {
  readonly writers: GrownStore[] = [];
  readonly rows: number[] = [];
  readonly readers: GrownStore[];

  constructor(private readonly folder: string, count: number, rowCount: number) {
    const step = Float64Array.from({ length: rowCount }, (_, row) => row);
    for (let store = 0; store < count; store++) {
      const writer = StreamStore.open(this.pathOf(store), { fields: grownFields, mode: "create" });
      const value = Uint8Array.from({ length: rowCount }, (_, row) => valueOf(store, row));
      writer.appendColumns({ step, value });
      writer.flush();
      this.writers.push(writer);
      this.rows.push(rowCount);
    }
    this.readers = this.writers.map((_, store) => this.openReader(store));
    // Reads something of every page: the first touch costs more than what it is touched for.
    for (const reader of this.readers) {
      const { values } = reader.window(0, rowCount);
      for (let row = 0; row < rowCount; row += 512) {
        prove("a step", Number(reader.window(row, 1).steps[0]) + 0 * values[row], row);
      }
    }
  }

  pathOf(store: number): string {
    return join(this.folder, `${store}.stream`);
  }

  openReader(store: number): GrownStore {
    return StreamStore.open(this.pathOf(store), { fields: grownFields, mode: "read" });
  }

  /** Each has some files open, of which a process may have only so many. */
  closeReaders(): void {
    for (const reader of this.readers) reader.close();
  }

  append(store: number): void {
    const row = this.rows[store]++;
    this.writers[store].append(row, { value: valueOf(store, row) });
  }

  close(): void {
    this.closeReaders();
    for (const writer of this.writers) writer.close();
  }
}

/** The first `count` of the stores, and a reader of each. */
class Place {
  readonly #readers: GrownStore[];
  readonly #mixtures;
  readonly #random = createRandom(32);
  readonly #rowCount: number;
  readonly #gathered;
  #turn = 0;

  constructor(private readonly all: Collectors, readonly count: number) {
    this.#readers = all.readers.slice(0, count);
    this.#rowCount = this.#readers[0].rowCount;
    this.#gathered = this.#readers[0].gather(new Float64Array(windowCount), windowLength);
    this.#mixtures = {
      uniform: mixtureOf(this.#readers, "uniform"),
      shuffle: mixtureOf(this.#readers, "shuffle"),
    };
  }

  append(count: number): number {
    const time = elapsed(() => {
      for (let i = 0; i < count; i++) this.all.append(i % this.count);
    });
    for (const writer of this.all.writers) writer.flush();
    return time / count;
  }

  windows(count: number): number {
    const starts = this.#starts(count);
    let sum = 0;
    const time = elapsed(() => {
      for (let i = 0; i < count; i++) {
        sum += this.#readers[i % this.count].window(starts[i], windowLength).values.length;
      }
    });
    prove("windows", sum, count * windowLength);
    return time / count;
  }

  gather(): number {
    return this.#batches(() => {
      const store = this.#turn++ % this.count;
      const starts = this.#starts(windowCount);
      const time = elapsed(() => void this.#readers[store].gather(starts, windowLength, this.#gathered));
      prove("a gathered value", Number(this.#gathered.values[windowLength]), valueOf(store, starts[1]));
      return time;
    });
  }

  sample(order: "uniform" | "shuffle"): number {
    const { mixture, out } = this.#mixtures[order];
    return this.#batches(() => {
      const time = elapsed(() => void mixture.next(out));
      for (let window = 0; window < windowCount; window++) {
        const value = valueOf(out.sources?.[window] ?? 0, out.starts[window]);
        prove("the last value of a window", out.values[windowSteps * window + windowSteps - 1], value);
      }
      return time;
    });
  }

  commit(): number {
    this.#appendNew();
    return elapsed(() => this.#flush()) / this.count;
  }

  refresh(): number {
    this.#appendNew();
    this.#flush();
    return elapsed(() => {
      for (const reader of this.#readers) reader.refresh();
    }) / this.count;
  }

  open(): number {
    this.all.closeReaders();
    let readers: GrownStore[] = [];
    const time = elapsed(() => readers = this.#openReaders());
    for (const reader of readers) reader.close();
    return time / this.count;
  }

  index(): number {
    const readers = this.#openReaders();
    const time = elapsed(() => void mixtureOf(readers, "uniform"));
    for (const reader of readers) reader.close();
    return time / this.count;
  }

  stats(): number {
    const readers = this.#openReaders();
    let sum = 0;
    const time = elapsed(() => {
      for (const reader of readers) sum += reader.stats().value.count;
    });
    prove("the count of a field", sum, readers.reduce((sum, { rowCount }) => sum + rowCount, 0));
    for (const reader of readers) reader.close();
    return time / this.count;
  }

  /** Others than those that are read above, which are closed. */
  #openReaders(): GrownStore[] {
    return Array.from({ length: this.count }, (_, store) => this.all.openReader(store));
  }

  #appendNew(): void {
    for (let store = 0; store < this.count; store++) for (let i = 0; i < newRows; i++) this.all.append(store);
  }

  #flush(): void {
    for (let store = 0; store < this.count; store++) this.all.writers[store].flush();
  }

  #starts(count: number): Float64Array {
    const span = this.#rowCount - windowLength + 1;
    return Float64Array.from({ length: count }, () => Math.floor(this.#random() * span));
  }

  #batches(batch: () => number): number {
    let time = 0;
    for (let i = 0; i < batchesPerTurn; i++) time += batch();
    return time / batchesPerTurn;
  }
}

/** A mixture that has given a batch. */
function mixtureOf(stores: readonly GrownStore[], order: "uniform" | "shuffle") {
  const mixture = StreamStore.mixture(stores, grownBatches(order));
  const out = mixture.allocate();
  mixture.next(out);
  return { mixture, out };
}
