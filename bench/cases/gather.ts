/**
 * Batches of windows, copied, from random starts. The limit copies the same blocks in plain Zig out of the very pages
 * that the store has mapped, so both meet the same page tables and caches; each takes starts of its own, so neither
 * finds what the other has just fetched.
 */
import type { GatherOut, Window } from "../../mod.ts";
import { compare, elapsed, prove, type Sample } from "../harness/harness.ts";
import { native } from "../harness/limits.ts";
import { type Measurement, measurementOf, microseconds } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import { createRandom, filledStore, type ReferenceStore, typeAt, valueAt } from "../harness/stream.ts";

const shapes = [[256, 128], [32, 512], [1024, 16]] as const;

export async function gather(sizes: Sizes): Promise<Measurement[]> {
  using store = filledStore(sizes.gatherSteps);
  const bench = new GatherBench(store, sizes);
  const options = { limit: "plain copy in Zig", goal: { ratioMax: 1.15 } };
  const measurements: Measurement[] = [];
  for (const [count, length] of shapes) {
    const name = `gather ${count} × ${length}, three columns`;
    measurements.push(measurementOf(name, microseconds, await bench.allColumns(count, length), options));
  }
  const [count, length] = shapes[0];
  const name = `gather ${count} × ${length}, values as`;
  return [
    ...measurements,
    measurementOf(`${name} float64`, microseconds, await bench.valuesOnly(count, length), options),
    measurementOf(`${name} float32`, microseconds, await bench.narrowed(count, length), options),
  ];
}

class GatherBench {
  readonly #random = createRandom(2);
  /** As the limit takes them: types are bytes in the store. */
  readonly #columns: Pick<Window, "steps" | "values"> & { readonly types: Int32Array };

  constructor(private readonly store: ReferenceStore, private readonly sizes: Sizes) {
    const { steps, types, values } = store.window(0, store.length);
    this.#columns = { steps, types: Int32Array.from(types), values };
    this.#touch();
  }

  allColumns(count: number, length: number): Promise<Sample> {
    const out = {
      values: new Float64Array(count * length),
      types: new Int32Array(count * length),
      steps: new BigInt64Array(count * length),
    };
    const { steps, types, values } = this.#columns;
    const copy = (starts: Float64Array): void =>
      native.sl_window_copy(
        starts,
        count,
        length,
        steps,
        types,
        values,
        out.steps,
        out.types,
        out.values,
      );
    return this.#compare(count, length, out, copy);
  }

  valuesOnly(count: number, length: number): Promise<Sample> {
    const out = { values: new Float64Array(count * length), types: null, steps: null };
    const copy = (starts: Float64Array): void =>
      native.sl_values_copy(starts, count, length, this.#columns.values, out.values);
    return this.#compare(count, length, out, copy);
  }

  narrowed(count: number, length: number): Promise<Sample> {
    const out = { values: new Float32Array(count * length), types: null, steps: null };
    const copy = (starts: Float64Array): void =>
      native.sl_values_narrow(starts, count, length, this.#columns.values, out.values);
    return this.#compare(count, length, out, copy);
  }

  #compare(
    count: number,
    length: number,
    out: GatherOut & { values: Float64Array | Float32Array; types: Int32Array | null },
    copy: (starts: Float64Array) => void,
  ): Promise<Sample> {
    const timed = (work: (starts: Float64Array) => void) => (): number => {
      const starts = this.#starts(count, length);
      const time = elapsed(() => work(starts));
      proveBatch(starts, length, out);
      return time;
    };
    return compare(
      this.sizes.shortRounds,
      timed((starts) => void this.store.gather(starts, length, out)),
      timed(copy),
    );
  }

  #starts(count: number, length: number): Float64Array {
    const span = this.store.length - length + 1;
    return Float64Array.from({ length: count }, () => Math.floor(this.#random() * span));
  }

  /** Reads every page once: the first touch of a page costs more than a copy, and is not what is compared. */
  #touch(): void {
    const { steps, types, values } = this.#columns;
    const valuesPerPage = 512;
    let sum = 0;
    for (let i = 0; i < values.length; i += valuesPerPage) {
      sum += Number(values[i]) + types[i] + Number(steps[i] & 1n);
    }
    if (Number.isNaN(sum)) throw new Error("Cannot trust the stream: it holds a NaN that nobody appended");
  }
}

/** Compares the first, a middle and the last token of each window with what was appended. */
function proveBatch(
  starts: Float64Array,
  length: number,
  out: { readonly values: Float64Array | Float32Array; readonly types: Int32Array | null },
): void {
  for (let i = 0; i < starts.length; i++) {
    for (const at of [0, length >> 1, length - 1]) {
      prove("gather", out.values[i * length + at], valueAt(starts[i] + at));
      if (out.types !== null) prove("gather", out.types[i * length + at], typeAt(starts[i] + at));
    }
  }
  out.values.fill(NaN);
}
