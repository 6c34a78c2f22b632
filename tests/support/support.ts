/** What several tests share: seeded numbers, a model of a store in plain arrays, and garbage collection. */
import assert from "node:assert/strict";
import type { FieldInfo, StreamStore } from "../../mod.ts";

/** Uniform integers and floats from a seed (mulberry32), so that a failure can be repeated. */
export class Random {
  constructor(private state: number) {}

  /** In [0, 1). */
  float(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** In [0, end). */
  below(end: number): number {
    return Math.floor(this.float() * end);
  }
}

const scratch = new DataView(new ArrayBuffer(8));

/** The 64 bits of a float64. */
export function bitsOf(value: number): bigint {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0);
}

/** One row of the model: its step, and its fields' cells in field order. */
interface ModelRow {
  readonly step: bigint;
  readonly cells: Map<string, bigint[]>;
}

/** A store as plain arrays. */
export class Model {
  readonly rows: ModelRow[] = [];

  constructor(readonly fields: readonly FieldInfo[]) {}

  append(step: number | bigint, values: Readonly<Record<string, readonly bigint[]>>): void {
    const last = this.rows.at(-1);
    const row = last?.step === BigInt(step)
      ? last
      : { step: BigInt(step), cells: new Map<string, bigint[]>() };
    if (row !== last) this.rows.push(row);
    for (const { name } of this.fields) if (name in values) row.cells.set(name, [...values[name]]);
  }

  get tokens(): { step: bigint; type: number; cell: bigint }[] {
    return this.rows.flatMap(({ step, cells }) =>
      this.fields.flatMap(({ name, type }) => (cells.get(name) ?? []).map((cell) => ({ step, type, cell })))
    );
  }

  /** The store's columns hold exactly the model's tokens. */
  expectEqual(store: StreamStore): void {
    const tokens = this.tokens;
    assert.equal(store.length, tokens.length);
    assert.equal(store.rowCount, this.rows.length);
    const window = store.window(0, tokens.length);
    assert.deepEqual([...window.steps], tokens.map(({ step }) => step));
    assert.deepEqual([...window.types], tokens.map(({ type }) => type));
    assert.deepEqual([...window.bits], tokens.map(({ cell }) => BigInt.asUintN(64, cell)));
  }
}

/** Makes garbage until the engine has collected, or `isDone` says that what was waited for has happened. */
export async function collectGarbage(isDone: () => boolean = () => false): Promise<void> {
  const collect = Reflect.get(globalThis, "gc") as (() => void) | undefined;
  for (let round = 0; round < 40 && !isDone(); round++) {
    if (collect !== undefined) collect();
    else for (let i = 0; i < 50; i++) garbage = Array.from({ length: 20_000 }, (_, k) => ({ k }));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Kept in a module variable, or an engine might not make it at all. */
export let garbage: unknown;
