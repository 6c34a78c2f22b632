/** Reads that copy: single tokens, whole columns, rows. */
import { compare, elapsed, prove, type Sample } from "../harness/harness.ts";
import { native } from "../harness/limits.ts";
import {
  type Measurement,
  measurementOf,
  microseconds,
  milliseconds,
  nanosecondsPer,
} from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import {
  actionOf,
  createRandom,
  filledStore,
  observationOf,
  observationWidth,
  referenceFields,
  type ReferenceStore,
  rewardOf,
  tokensPerStep,
  valueAt,
} from "../harness/stream.ts";

export async function reads(sizes: Sizes): Promise<Measurement[]> {
  using store = filledStore(sizes.rows);
  const rows = `${sizes.rows.toLocaleString("en")} rows`;
  const tokens = await getTokens(store, sizes);
  const scalars = await scalarColumn(store, sizes);
  const picked = await pickedColumn(store, sizes);
  const lists = await listColumn(store, sizes);
  const objects = await readRows(store, sizes);
  return [
    measurementOf("get of 1,024 random tokens", microseconds, tokens, {
      limit: "plain copy in Zig",
      goal: { ratioMax: 1.5 },
    }),
    measurementOf(`column of a scalar field, ${rows}`, milliseconds, scalars, {
      limit: "one read of the types",
      goal: { ratioMax: 1.5 },
    }),
    measurementOf("the same column once more", milliseconds, picked, {
      limit: "a plain pass over types and values in Zig",
    }),
    measurementOf(`column of a list field, ${rows}`, milliseconds, lists, { limit: "memcpy of the values" }),
    measurementOf("rows, as objects", nanosecondsPer("row"), objects, {
      limit: "memcpy of the tokens",
      goal: { valueMax: 400 },
    }),
  ];
}

function getTokens(store: ReferenceStore, sizes: Sizes): Promise<Sample> {
  const count = 1024;
  const random = createRandom(4);
  const pick = () => Float64Array.from({ length: count }, () => Math.floor(random() * store.length));
  const { steps, types: stored, values } = store.window(0, store.length);
  const types = Int32Array.from(stored);
  const out = {
    steps: new BigInt64Array(count),
    types: new Int32Array(count),
    values: new Float64Array(count),
  };
  return compare(
    sizes.shortRounds,
    () => {
      const indices = pick();
      let found: Float64Array = out.values;
      const time = elapsed(() => found = store.get(indices).values);
      indices.forEach((index, i) => prove("get", found[i], valueAt(index)));
      return time;
    },
    () => {
      const indices = pick();
      const copy = () =>
        native.sl_token_copy(indices, count, steps, types, values, out.steps, out.types, out.values);
      const time = elapsed(copy);
      indices.forEach((index, i) => prove("the copy of tokens", out.values[i], valueAt(index)));
      return time;
    },
  );
}

/** Beside the read of the types, which is less than the work: the values too must come from memory. */
function scalarColumn(store: ReferenceStore, sizes: Sizes): Promise<Sample> {
  const types = Int32Array.from(store.window(0, store.length).types);
  const typesOfStep = 1 * observationWidth + 2 + 3;
  return compare(sizes.longRounds, () => readReward(store), () => {
    let sum = 0;
    const time = elapsed(() => sum = native.sl_types_sum(types, types.length));
    prove("the read of types", sum, typesOfStep * store.rowCount);
    return time;
  });
}

/** Beside the same work in plain code. */
function pickedColumn(store: ReferenceStore, sizes: Sizes): Promise<Sample> {
  const { types: stored, values } = store.window(0, store.length);
  const types = Int32Array.from(stored);
  return compare(sizes.longRounds, () => readReward(store), () => {
    let count = 0;
    const time = elapsed(() => {
      const out = new Float64Array(store.rowCount);
      count = native.sl_column_copy(types, values, types.length, referenceFields.reward, out);
    });
    prove("the pass over types", count, store.rowCount);
    return time;
  });
}

function readReward(store: ReferenceStore): number {
  let values: Float64Array = new Float64Array();
  const time = elapsed(() => values = store.column("reward").values);
  prove("column", values.length, store.rowCount);
  for (let row = 0; row < values.length; row += 97) prove("column", values[row], rewardOf(row));
  return time;
}

/** Both make a new array: fresh memory costs as much as the copy, and is part of what the caller asked for. */
function listColumn(store: ReferenceStore, sizes: Sizes): Promise<Sample> {
  const { values: data } = store.window(0, store.length);
  return compare(
    sizes.longRounds,
    () => {
      let values: Float64Array = new Float64Array();
      const time = elapsed(() => values = store.column("observation").values);
      prove("column", values.length, observationWidth * store.rowCount);
      for (let i = 0; i < values.length; i += 97) {
        prove("column", values[i], observationOf(Math.floor(i / observationWidth), i % observationWidth));
      }
      return time;
    },
    () => {
      const count = observationWidth * store.rowCount;
      return elapsed(() => native.sl_bytes_copy(new Float64Array(count), data, 8 * count));
    },
  );
}

function readRows(store: ReferenceStore, sizes: Sizes): Promise<Sample> {
  const rowCount = Math.min(10_000, store.rowCount);
  const tokenCount = rowCount * tokensPerStep;
  const { steps, types: stored, values } = store.window(0, tokenCount);
  const types = Int32Array.from(stored);
  const out = {
    steps: new BigInt64Array(tokenCount),
    types: new Int32Array(tokenCount),
    values: new Float64Array(tokenCount),
  };
  return compare(
    sizes.longRounds,
    () => {
      let rows = store.rows(0, 0);
      const time = elapsed(() => rows = store.rows(0, rowCount));
      rows.forEach(({ action }, row) => prove("rows", action as number, actionOf(row)));
      return time / rowCount;
    },
    () =>
      elapsed(() =>
        native.sl_window_copy(
          Float64Array.of(0),
          1,
          tokenCount,
          steps,
          types,
          values,
          out.steps,
          out.types,
          out.values,
        )
      ) / rowCount,
  );
}
