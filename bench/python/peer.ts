/**
 * Deno's side of `./run python bench`. The first line of its input says which stores to make, each later one a sampler and
 * how many batches it is to draw; it answers with nanoseconds a batch.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { StreamStore } from "../../mod.ts";

interface Making {
  readonly path: string;
  readonly rows: number;
  readonly isNarrow: boolean;
}

/** Reference steps: 4 fields, 11 tokens, the action a row's number; or a byte a row, for stores of very many rows. */
function make({ path, rows, isNarrow }: Making): void {
  const fields = isNarrow
    ? { value: "uint8" }
    : { action: "float32", observation: "float32", reward: "float32", done: "float32" };
  using store = StreamStore.open(path, { fields: fields as { readonly value: "uint8" } });
  const part = Math.min(rows, 1_000_000);
  for (let from = 0; from < rows; from += part) {
    const step = Float64Array.from({ length: Math.min(part, rows - from) }, (_, i) => from + i);
    const values = Float32Array.from(step, (row) => row % 200);
    const done = Float32Array.from(step, (row) => +(row % 200 === 199));
    const observation = new Float32Array(8 * step.length).map((_, i) => i % 97);
    const columns = isNarrow ? { step, value: Uint8Array.from(values) } : {
      step,
      action: Float32Array.from(step),
      observation: { values: observation, width: 8 },
      reward: values,
      done,
    };
    store.appendColumns(columns as never);
    store.flush();
  }
}

interface Drawing {
  readonly paths: readonly string[];
  readonly options: { readonly tokens: number };
  readonly batches: number;
}

const samplers = new Map<string, { next(): unknown }>();

function samplerOf({ paths, options }: Drawing): { next(): unknown } {
  const key = JSON.stringify([paths, options]);
  let found = samplers.get(key);
  if (found === undefined) {
    const stores = paths.map((path) => StreamStore.open(path, { mode: "read" }));
    found = stores.length > 1 ? StreamStore.mixture(stores, options) : stores[0].sampler(options);
    samplers.set(key, found);
  }
  return found;
}

function time(drawing: Drawing): number {
  const sampler = samplerOf(drawing);
  const began = performance.now();
  for (let i = 0; i < drawing.batches; i++) sampler.next();
  return (performance.now() - began) * 1e6 / drawing.batches;
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (Array.isArray(request)) request.forEach(make);
  console.log(JSON.stringify(Array.isArray(request) ? 0 : time(request)));
}
