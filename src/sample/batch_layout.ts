/** The arrays of batches: which there are, made anew, laid over shared memory, or taken from a caller. */
import { describe } from "../fields.ts";
import { type AnyTypedArray, findOverlap, kindOf, lengthOf, plainView } from "../typed_array.ts";
import type { AnyBatch } from "./batch.ts";
import type { ValueDtype } from "./options.ts";
import type { BatchPlan } from "./batch_plan.ts";

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
  uint8: Uint8Array,
  uint16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
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

  /** @param action What errors begin with. */
  constructor(private readonly plan: BatchPlan, private readonly action = "Cannot sample") {
    this.#columns = columnsOf(plan);
    this.#lengths = this.#columns.map(({ perWindow }) => plan.batchSize * perWindow);
  }

  /** Bytes of a batch, each array beginning at a multiple of 8. */
  get byteLength(): number {
    return this.#columns.reduce((sum, column) => sum + this.#bytesOf(column), 0);
  }

  /** A new batch. */
  allocate(): AnyBatch {
    return this.#build(
      this.plan.batchSize,
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

  /**
   * What is filled, and what is shown of it: the layout's own batch, or one that a caller hands over. `reading` runs what
   * reads the caller's.
   */
  pick(
    out: AnyBatch | undefined,
    reading: <Read>(read: () => Read) => Read,
  ): { readonly filled: AnyBatch; readonly shown: AnyBatch } {
    return out === undefined ? this.own() : { filled: reading(() => this.take(out)), shown: out };
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
      throw new TypeError(`${this.action}: out must be a batch, got ${describe(batch)}`);
    }
    const given = this.#read(batch);
    const arrays = given as readonly ArrayBufferView[];
    const taken = this.#taken.get(batch);
    const isKnown = taken !== undefined && given.every((array, i) => array === taken.given[i]);
    if (isKnown && this.#lengths.every((length, i) => lengthOf(arrays[i]) === length)) return taken.filled;
    this.#columns.forEach((column, i) => checkArray(column, given[i], this.#lengths[i], this.action));
    this.#checkDisjoint(arrays);
    const filled = this.#build(this.plan.batchSize, arrays.map(plainView));
    this.#taken.set(batch, { given, filled });
    return filled;
  }

  /** Arrays that share memory would write over each other. */
  #checkDisjoint(arrays: readonly ArrayBufferView[]): void {
    const overlap = findOverlap(arrays);
    if (overlap === null) return;
    const [one, other] = overlap.map((place) => pathOf(this.#columns[place]));
    throw new RangeError(`${this.action}: ${other} must have memory of its own, got some of ${one}`);
  }

  /** The arrays of a batch, in the order of the columns. Each thing is read once. */
  #read(batch: AnyBatch): unknown[] {
    type Holder = Readonly<Record<string, unknown>>;
    const fields = this.plan.window.fields === null
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
    return {
      filled: this.#build(this.plan.batchSize, arrays),
      arrays,
      shown: this.#build(this.plan.batchSize, shown),
    };
  }

  #allocate(memory: Memory): AnyTypedArray[] {
    return this.#columns.map((column) => {
      const { buffer, offset } = memory(this.#bytesOf(column));
      return new column.type(buffer, offset, this.plan.batchSize * column.perWindow) as AnyTypedArray;
    });
  }

  #bytesOf({ type, perWindow }: Column): number {
    return Math.ceil(this.plan.batchSize * perWindow * type.BYTES_PER_ELEMENT / 8) * 8;
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
    if (this.plan.window.fields === null) Object.assign(batch, { values: null, types: null });
    for (const { field, width, offsets } of this.plan.window.fields ?? []) {
      fields.set(field.name, offsets === null ? { width } : { width, offsets: [...offsets] });
    }
    this.#columns.forEach(({ name, field }, i) => {
      const holder = field === null ? batch : fields.get(field)!;
      holder[name] = arrays[i];
    });
    if (this.plan.window.fields !== null) batch.fields = Object.fromEntries(fields);
    return batch as unknown as AnyBatch;
  }
}

function columnsOf({ window: plan, width, isPrioritized, isMixture }: BatchPlan): Column[] {
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
  for (const { field, width: perRow, dtype, offsets } of plan.fields ?? []) {
    const rows = offsets?.length ?? width;
    columns.push(column("values", valueClasses[dtype], rows * perRow, field.name));
    columns.push(column("mask", Uint8Array, rows * perRow, field.name));
    if (offsets !== null) columns.push(column("offsetMask", Uint8Array, rows, field.name));
  }
  return columns;
}

function checkArray(column: Column, array: unknown, expected: number, action: string): void {
  if (kindOf(array) !== column.type.name) {
    throw new TypeError(
      `${action}: ${pathOf(column)} must be a ${column.type.name}, got ${describe(array)}`,
    );
  }
  const length = lengthOf(array as ArrayBufferView);
  if (length === expected) return;
  throw new RangeError(`${action}: ${pathOf(column)} must have length ${expected}, got ${length}`);
}

function pathOf({ name, field }: Column): string {
  return field === null ? `out.${name}` : `out.fields.${field}.${name}`;
}
