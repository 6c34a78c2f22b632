/**
 * Draws batches for the tests of the Python package: each line of its input is a request, each line of its output the
 * hashes of the batches and the state after them.
 */
import { createHash } from "node:crypto";
import process from "node:process";
import { createInterface } from "node:readline";
import { type AnyBatch, type SamplerState, StreamStore } from "../../mod.ts";

interface Request {
  readonly paths: readonly string[];
  readonly isMixture: boolean;
  readonly weights: readonly number[] | null;
  /** As Python has them, in snake_case. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly batches: number;
  readonly state: SamplerState | null;
  /** Of a batch at rows instead. */
  readonly rows?: readonly number[];
}

/** Options as TypeScript has them. Names of fields are no names of options. */
function optionsOf(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named = Object.entries(options).map(([name, value]) => [camel(name), value] as const);
  const camelled: Record<string, unknown> = Object.fromEntries(named);
  if (typeof camelled.seed === "string") camelled.seed = BigInt(camelled.seed);
  const { between, normalize } = camelled as { between?: { steps: unknown[] }; normalize?: object };
  if (between?.steps[1] === null) between.steps[1] = Infinity;
  if (typeof normalize === "object") {
    camelled.normalize = Object.fromEntries(
      Object.entries(normalize).map(([name, { mean, standard_deviation: standardDeviation }]) => {
        return [name, { mean, standardDeviation }];
      }),
    );
  }
  return camelled;
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const names = ["starts", "lengths", "mask", "steps", "sources", "values", "types"] as const;

function hashOf(batch: AnyBatch): string {
  const hash = createHash("sha256").update(`${batch.size}`);
  const add = (name: string, array: ArrayBufferView | null | undefined) => {
    if (array === null || array === undefined) return;
    hash.update(name).update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  };
  for (const name of names) add(name, batch[name]);
  for (const [name, field] of Object.entries(batch.fields ?? {})) {
    add(name, field.values);
    add("mask", field.mask);
    add("offsetMask", (field as { offsetMask?: Uint8Array }).offsetMask);
  }
  if (batch.extra !== undefined) hash.update(JSON.stringify(batch.extra));
  return hash.digest("hex");
}

function answer({ paths, isMixture, weights, options, batches, state, rows }: Request) {
  const stores = paths.map((path) => StreamStore.open(path, { mode: "read" }));
  try {
    const given = optionsOf(options) as { tokens: number };
    if (rows !== undefined) {
      return { hashes: [hashOf(stores[0].gatherRows(rows, given as never) as AnyBatch)] };
    }
    const sources = stores.map((store, i) => weights === null ? store : { store, weight: weights[i] });
    const sampler = isMixture ? StreamStore.mixture(sources, given) : stores[0].sampler(given);
    if (state !== null) sampler.restore(state);
    const hashes: string[] = [];
    for (let i = 0; i < batches; i++) {
      const batch = sampler.next();
      if (batch === null) break;
      hashes.push(hashOf(batch as AnyBatch));
    }
    return { hashes, state: sampler.state() };
  } catch (error) {
    return { error: `${error}` };
  } finally {
    for (const store of stores) store.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}
