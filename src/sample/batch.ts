import { describe } from "../fields.ts";
import { type AnyTypedArray, findOverlap, kindOf, lengthOf, plainView } from "../typed_array.ts";
import type { ValueDtype, WindowPlan } from "./options.ts";

/**
 * What every batch says of its windows. All arrays are row by row, a window a row: B windows, T tokens or S rows each.
 * Part of {@linkcode TokenBatch} and {@linkcode FieldBatch}.
 */
export interface BatchBase<Steps> {
  /** Windows in the batch, B: the sampler's batch size, or fewer where the last epoch ends. */
  readonly size: number;
  /** Shape `[B]`: where each window begins, a token index, or a row index in samplers of `steps`. Padding does not count. */
  readonly starts: Float64Array;
  /** Shape `[B]`: how many places of each window are no padding: tokens, or rows of dense fields. */
  readonly lengths: Int32Array;
  /** Shape `[B, T]`, or `[B, S]` for dense fields: 1 where there is something, 0 where there is padding. */
  readonly mask: Uint8Array;
  /** Shape `[B, T]`, or `[B, S]` for dense fields: the step of each place; 0 where there is padding. */
  readonly steps: Steps;
  /** Where the order is prioritized, shape `[B]`: what `updatePriorities` knows each window by. */
  readonly ids: Float64Array | null;
  /** Where the order is prioritized, shape `[B]`: the probability with which a draw gives the window. */
  readonly probabilities: Float64Array | null;
  /**
   * Where the order is prioritized, shape `[B]`: importance weights, (windows × probability) ** -`beta`, divided by
   * the largest of the batch.
   */
  readonly weights: Float64Array | null;
  /** In mixtures, shape `[B]`: the source of each window, by its place in the list. */
  readonly sources: Int32Array | null;
}

/**
 * A batch of windows as tokens: columns of shape `[B, T]`, B windows of T tokens. Returned by
 * {@linkcode Sampler.next}.
 */
export interface TokenBatch<
  Values = BatchValues | null,
  Types = Int32Array | null,
  Steps = BigInt64Array | Float64Array | null,
> extends BatchBase<Steps> {
  /** Shape `[B, T]`: the numbers; 0 where there is padding. */
  readonly values: Values;
  /** Shape `[B, T]`: the type ID of each token; 0 where there is padding. */
  readonly types: Types;
}

/** One field of a batch of dense fields: W values for each of S rows of B windows. Part of {@linkcode FieldBatch}. */
export interface FieldValues<Values = BatchValues> {
  /** Values a row, W. */
  readonly width: number;
  /** Shape `[B, S, W]`: the numbers; 0 where the row has no value. */
  readonly values: Values;
  /** Shape `[B, S, W]`: 1 where the row has a value. */
  readonly mask: Uint8Array;
}

/** A batch of windows of rows as dense fields. Returned by {@linkcode Sampler.next}. */
export interface FieldBatch<
  Name extends string = string,
  Values = BatchValues,
  Steps = BigInt64Array | Float64Array | null,
> extends BatchBase<Steps> {
  /** Each field that was asked for, by name: values of shape `[B, S, W]`. */
  readonly fields: { readonly [Key in Name]: FieldValues<Values> };
}

/**
 * The numbers of a batch, of shape `[B, T]` or `[B, S, W]`. bfloat16 is a Uint16Array. Part of {@linkcode TokenBatch}
 * and {@linkcode FieldValues}.
 */
export type BatchValues = Float32Array | Float64Array | Float16Array | Uint16Array;

/**
 * A batch whose options are not known: as tokens it has `values` and `types` of shape `[B, T]`, else `fields`.
 * Returned by {@linkcode Sampler.next}.
 */
export type AnyBatch = BatchBase<BigInt64Array | Float64Array | null> & {
  readonly values?: BatchValues | null;
  readonly types?: Int32Array | null;
  readonly fields?: { readonly [name: string]: FieldValues };
};

/**
 * The array of a dtype.
 *
 * @internal
 */
type ArrayOf<Dtype> = Dtype extends "float64" ? Float64Array
  : Dtype extends "float16" ? Float16Array
  : Dtype extends "bfloat16" ? Uint16Array
  : Dtype extends null ? null
  : Float32Array;
/**
 * The array for a choice of types.
 *
 * @internal
 */
type TypesOf<Dtype> = Dtype extends null ? null : Int32Array;
/**
 * The array for a choice of steps.
 *
 * @internal
 */
type StepsOf<Dtype> = Dtype extends null ? null : Dtype extends "float64" ? Float64Array : BigInt64Array;

/**
 * The choices that options make.
 *
 * @internal
 */
type OutputOf<Options> = "output" extends keyof Options ? Options["output"] : undefined;
/**
 * One of the choices.
 *
 * @internal
 */
type Key<Wanted, Name extends string> = Wanted extends unknown
  ? Name extends keyof Wanted ? Wanted[Name] : undefined
  : never;

/**
 * What only prioritized batches have.
 *
 * @internal
 */
type Drawn<Options> = Options extends { readonly order: { readonly kind: "prioritized" } }
  ? { readonly ids: Float64Array; readonly probabilities: Float64Array; readonly weights: Float64Array }
  : unknown;

/**
 * The batches of a sampler with these options: a {@link FieldBatch} where they name `fields`, else a {@link
 * TokenBatch}; where their type does not tell, {@link AnyBatch}.
 */
export type BatchOf<Options> = Options extends unknown
  ? "fields" extends keyof Options ? DenseBatchOf<Options, Options["fields"]>
  :
    & Drawn<Options>
    & TokenBatch<
      ArrayOf<Key<OutputOf<Options>, "values">>,
      TypesOf<Key<OutputOf<Options>, "types">>,
      StepsOf<Key<OutputOf<Options>, "steps">>
    >
  : never;

/**
 * The batches of options with `fields`, or which may have them.
 *
 * @internal
 */
type DenseBatchOf<Options, Dense> = [Dense] extends [object] ?
    & Drawn<Options>
    & FieldBatch<
      Extract<keyof Dense, string>,
      ArrayOf<Key<OutputOf<Options>, "values">>,
      StepsOf<Key<OutputOf<Options>, "steps">>
    >
  : AnyBatch;

/** Makes an array in a piece of memory, or in memory of its own. */
export type Memory = (
  byteLength: number,
) => { readonly buffer: ArrayBuffer | SharedArrayBuffer; readonly offset: number };

interface ArrayClass {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (
    buffer: ArrayBuffer | SharedArrayBuffer,
    offset: number,
    length: number,
  ): ArrayBufferView & { readonly length: number };
}

const valueClasses: Readonly<Record<ValueDtype, unknown>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float16Array,
  bfloat16: Uint16Array,
};

/** One array of a batch: where it stands, its class, and its elements a window. */
interface Column {
  readonly name: string;
  /** The dense field that it belongs to; null for an array of the batch itself. */
  readonly field: string | null;
  readonly type: ArrayClass;
  readonly perWindow: number;
}

/** A batch whose arrays nobody else can put others in the place of, and the object that is shown of it. */
interface OwnBatch {
  readonly filled: AnyBatch;
  /** The arrays of `filled`: whoever is shown others can give those properties and take their memory away. */
  readonly arrays: readonly AnyTypedArray[];
  readonly shown: AnyBatch;
}

/** The arrays of a sampler's batches. */
export class BatchLayout {
  readonly #columns: readonly Column[];
  /** Elements of each of them in a whole batch. */
  readonly #lengths: readonly number[];
  #own: OwnBatch | null = null;
  /** What is filled where a batch is handed over that had these arrays the last time. */
  readonly #taken = new WeakMap<
    AnyBatch,
    { readonly given: readonly unknown[]; readonly filled: AnyBatch }
  >();

  constructor(
    private readonly plan: WindowPlan,
    /** Tokens, or rows of dense fields, of a window in the output. */
    readonly width: number,
    readonly batchSize: number,
    extra: { readonly isPrioritized: boolean; readonly isMixture: boolean },
  ) {
    this.#columns = columnsOf(plan, width, extra);
    this.#lengths = this.#columns.map(({ perWindow }) => batchSize * perWindow);
  }

  /** Bytes of a batch, each array beginning at a multiple of 8. */
  get byteLength(): number {
    return this.#columns.reduce((sum, column) => sum + this.#bytesOf(column), 0);
  }

  /** A new batch. */
  allocate(): AnyBatch {
    return this.#build(
      this.batchSize,
      this.#allocate((byteLength) => ({
        buffer: new ArrayBuffer(byteLength),
        offset: 0,
      })),
    );
  }

  /** A batch over one piece of memory of `byteLength` bytes. */
  over(buffer: ArrayBuffer | SharedArrayBuffer): OwnBatch {
    let used = 0;
    return this.#makeOwn((byteLength) => {
      const offset = used;
      used += byteLength;
      return { buffer, offset };
    });
  }

  /** The batch that is the layout's own, or a new one where somebody has transferred arrays of it away. */
  own(): OwnBatch {
    const own = this.#own;
    if (own !== null && this.#lengths.every((length, i) => own.arrays[i].length === length)) return own;
    return this.#own = this.#makeOwn((byteLength) => ({ buffer: new ArrayBuffer(byteLength), offset: 0 }));
  }

  /** The first windows of a batch that is filled. */
  head(filled: AnyBatch, size: number): AnyBatch {
    const arrays = this.#read(filled) as Float64Array[];
    return this.#build(
      size,
      this.#columns.map(({ perWindow }, i) => arrays[i].subarray(0, size * perWindow)),
    );
  }

  /**
   * What is to be filled where a caller hands over a batch: its arrays, each read once, as plain views of the same
   * memory. The caller's own code can run only in the reading, and all is checked after that. Throws for a batch that
   * has not the arrays that are to be filled.
   */
  take(batch: AnyBatch): AnyBatch {
    if (typeof batch !== "object" || batch === null) {
      throw new TypeError(`Cannot sample: out must be a batch, got ${describe(batch)}`);
    }
    const given = this.#read(batch);
    const arrays = given as readonly ArrayBufferView[];
    const taken = this.#taken.get(batch);
    const isKnown = taken !== undefined && given.every((array, i) => array === taken.given[i]);
    if (isKnown && this.#lengths.every((length, i) => lengthOf(arrays[i]) === length)) return taken.filled;
    this.#columns.forEach((column, i) => checkArray(column, given[i], this.#lengths[i]));
    this.#checkDisjoint(arrays);
    const filled = this.#build(this.batchSize, arrays.map(plainView));
    this.#taken.set(batch, { given, filled });
    return filled;
  }

  /** Arrays that share memory would write over each other. */
  #checkDisjoint(arrays: readonly ArrayBufferView[]): void {
    const overlap = findOverlap(arrays);
    if (overlap === null) return;
    const [one, other] = overlap.map((place) => pathOf(this.#columns[place]));
    throw new RangeError(`Cannot sample: ${other} must have memory of its own, got some of ${one}`);
  }

  /** The arrays of a batch, in the order of the columns. Each thing is read once. */
  #read(batch: AnyBatch): unknown[] {
    type Holder = Readonly<Record<string, unknown>>;
    const fields = this.plan.fields === null
      ? null
      : batch.fields as unknown as Readonly<Record<string, Holder>> | undefined;
    let [holder, held]: [Holder | null | undefined, string | null] = [batch as unknown as Holder, null];
    return this.#columns.map(({ name, field }) => {
      // The arrays of a field stand one after another, behind those of the batch itself.
      if (field !== held) [holder, held] = [fields?.[field!], field];
      return holder?.[name];
    });
  }

  #makeOwn(memory: Memory): OwnBatch {
    const shown = this.#allocate(memory);
    const arrays = shown.map(plainView);
    return { filled: this.#build(this.batchSize, arrays), arrays, shown: this.#build(this.batchSize, shown) };
  }

  #allocate(memory: Memory): AnyTypedArray[] {
    return this.#columns.map((column) => {
      const { buffer, offset } = memory(this.#bytesOf(column));
      return new column.type(buffer, offset, this.batchSize * column.perWindow) as AnyTypedArray;
    });
  }

  #bytesOf({ type, perWindow }: Column): number {
    return Math.ceil(this.batchSize * perWindow * type.BYTES_PER_ELEMENT / 8) * 8;
  }

  #build(size: number, arrays: readonly unknown[]): AnyBatch {
    const batch: Record<string, unknown> = {
      size,
      steps: null,
      ids: null,
      probabilities: null,
      weights: null,
      sources: null,
    };
    const fields = new Map<string, Record<string, unknown>>();
    if (this.plan.fields === null) Object.assign(batch, { values: null, types: null });
    for (const { field, width } of this.plan.fields ?? []) fields.set(field.name, { width });
    this.#columns.forEach(({ name, field }, i) => {
      const holder = field === null ? batch : fields.get(field)!;
      holder[name] = arrays[i];
    });
    if (this.plan.fields !== null) batch.fields = Object.fromEntries(fields);
    return batch as unknown as AnyBatch;
  }
}

function columnsOf(
  plan: WindowPlan,
  width: number,
  { isPrioritized, isMixture }: { readonly isPrioritized: boolean; readonly isMixture: boolean },
): Column[] {
  const column = (name: string, type: unknown, perWindow: number, field: string | null = null): Column => ({
    name,
    field,
    type: type as ArrayClass,
    perWindow,
  });
  const columns = [
    column("starts", Float64Array, 1),
    column("lengths", Int32Array, 1),
    column("mask", Uint8Array, width),
  ];
  if (plan.steps !== null) {
    columns.push(column("steps", plan.steps === "int64" ? BigInt64Array : Float64Array, width));
  }
  if (isPrioritized) {
    for (const name of ["ids", "probabilities", "weights"]) columns.push(column(name, Float64Array, 1));
  }
  if (isMixture) columns.push(column("sources", Int32Array, 1));
  if (plan.fields === null && plan.values !== null) {
    columns.push(column("values", valueClasses[plan.values], width));
  }
  if (plan.hasTypes) columns.push(column("types", Int32Array, width));
  for (const { field, width: perRow } of plan.fields ?? []) {
    columns.push(column("values", valueClasses[plan.values!], width * perRow, field.name));
    columns.push(column("mask", Uint8Array, width * perRow, field.name));
  }
  return columns;
}

function checkArray(column: Column, array: unknown, expected: number): void {
  if (kindOf(array) !== column.type.name) {
    throw new TypeError(
      `Cannot sample: ${pathOf(column)} must be a ${column.type.name}, got ${describe(array)}`,
    );
  }
  const length = lengthOf(array as ArrayBufferView);
  if (length === expected) return;
  throw new RangeError(`Cannot sample: ${pathOf(column)} must have length ${expected}, got ${length}`);
}

function pathOf({ name, field }: Column): string {
  return field === null ? `out.${name}` : `out.fields.${field}.${name}`;
}
