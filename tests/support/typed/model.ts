/** Stores of fields drawn at random, and the ways to append to them, each with what has to be in the store then. */
import type { Dtype, FieldEntry, StreamStore } from "../../../mod.ts";
import { Model, type Random } from "../support.ts";
import { type CellRule, cellRule } from "./cells.ts";
import { drawList, drawScalar, dtypes, type Given } from "./values.ts";

/** Steps by field name, as somebody hands them over, and the bits that they must become. */
export interface DrawnStep {
  readonly values: Record<string, Given<unknown>["value"]>;
  readonly cells: Record<string, readonly bigint[]>;
}

/** A store in plain lists, which also knows which fields were written as lists. */
export class TypedModel extends Model {
  readonly lists = new Set<string>();
  readonly rule: CellRule;
  /** By type ID. */
  readonly dtypes: ReadonlyMap<number, Dtype>;
  #tokens: Model["tokens"] | null = null;

  constructor(
    readonly declared: readonly { readonly name: string; readonly type: number; readonly dtype: Dtype }[],
  ) {
    super(declared);
    this.dtypes = new Map(declared.map(({ type, dtype }) => [type, dtype]));
    this.rule = cellRule(declared.map(({ dtype }) => dtype));
  }

  override get tokens(): Model["tokens"] {
    return this.#tokens ??= super.tokens;
  }

  add(step: bigint, { values, cells }: DrawnStep): void {
    this.append(step, cells);
    this.#tokens = null;
    for (const [name, value] of Object.entries(values)) if (typeof value === "object") this.lists.add(name);
  }

  dtypeOf(name: string): Dtype {
    return this.declared.find((field) => field.name === name)!.dtype;
  }

  /** The tokens of one field, of rows `[from, to)`. */
  cellsOf(name: string, from = 0, to = this.rows.length): bigint[] {
    return this.rows.slice(from, to).flatMap(({ cells }) => cells.get(name) ?? []);
  }
}

/** One to six fields: of one dtype, or of any; with type IDs that are bytes, any integers, or places. */
export function drawFields(random: Random): FieldEntry[] {
  const count = 1 + random.below(6);
  const only = random.below(3) === 0 ? dtypes[random.below(dtypes.length)] : null;
  const form = random.below(3);
  return Array.from({ length: count }, (_, i): FieldEntry => {
    const dtype = only ?? dtypes[random.below(dtypes.length)];
    const type = form === 0 ? 7 * i + 3 : (i - 2) * 100_003;
    return [`field ${i}`, form === 2 ? dtype : { type, dtype }];
  });
}

/** Fields that a step has, from a place in field order on; scalars and lists in fields that take either. */
export function drawStep(random: Random, model: TypedModel, firstField = 0, lengthMax = 5): DrawnStep {
  const step: DrawnStep = { values: {}, cells: {} };
  for (const { name, dtype } of model.declared.slice(firstField)) {
    if (random.below(5) === 0) continue;
    const isLong = random.below(60) === 0;
    const { value, cells } = random.below(3) > 0
      ? drawScalar(random, dtype)
      : drawList(random, dtype, random.below(isLong ? 300 : lengthMax));
    step.values[name] = value;
    step.cells[name] = cells;
  }
  return step;
}

/** The place after the last field of a step. */
export function nextField(model: TypedModel, { values }: DrawnStep): number {
  return model.declared.findLastIndex(({ name }) => Object.hasOwn(values, name)) + 1;
}

export type AnyStore = StreamStore;

/** Appends steps by one call of the form of three sequences. */
export function appendSequences(store: AnyStore, steps: readonly (readonly [bigint, DrawnStep])[]): void {
  const entries = steps.flatMap(([step, { values }]) =>
    Object.entries(values).map(([name, value]) => [step, name, value] as const)
  );
  store.append(
    entries.map(([step]) => step),
    entries.map(([, name]) => name),
    entries.map(([, , value]) => value) as never,
  );
}

/** The same steps as columns: fields that hold one value in each come as such, fields with as many in each by width. */
export function columnsOf(
  random: Random,
  model: TypedModel,
  steps: readonly bigint[],
): { columns: Record<string, unknown>; drawn: DrawnStep[] } {
  const columns: Record<string, unknown> = {
    step: random.below(2) === 0 ? steps : BigInt64Array.from(steps),
  };
  const drawn: DrawnStep[] = steps.map(() => ({ values: {}, cells: {} }));
  for (const { name, dtype } of model.declared) {
    const form = random.below(4);
    if (form === 0) continue;
    const width = form === 1 ? 1 : random.below(4);
    const lengths = steps.map(() => form === 3 ? random.below(4) : width);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const { value: values, cells } = drawList(random, dtype, total);
    const offsets = [0];
    for (const length of lengths) offsets.push(offsets[offsets.length - 1] + length);
    columns[name] = form === 1 ? values : form === 2 ? { values, width } : { values, offsets };
    drawn.forEach((step, i) => {
      step.values[name] = form === 1 ? 0 : [];
      step.cells[name] = cells.slice(offsets[i], offsets[i + 1]);
    });
  }
  return { columns, drawn };
}
