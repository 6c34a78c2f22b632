/** A store as plain arrays, and random small ones of all shapes. */
import { StreamStore } from "../../../mod.ts";
import type { Random } from "../support.ts";

export const fields = {
  observation: 5,
  action: { type: 1, dtype: "int64" },
  code: { type: -7, dtype: "uint64" },
  reward: 2,
  episode: { type: 9, dtype: "int64" },
  terminated: 3,
  truncated: { type: 4, dtype: "uint64" },
} as const;

export type Name = keyof typeof fields;
export const names = Object.keys(fields) as Name[];

export type Cells = { [Key in Name]?: (number | bigint)[] };

export interface ModelRow {
  readonly step: bigint;
  readonly cells: Cells;
}

export interface ModelToken {
  readonly row: number;
  readonly step: bigint;
  readonly name: Name;
  readonly type: number;
  readonly value: number | bigint;
}

/** Rows in the order of their steps. Indices stay as they are when the first rows are dropped. */
export class Model {
  readonly rows: ModelRow[] = [];
  firstRow = 0;
  #tokens: ModelToken[] | null = null;
  #rowStarts: number[] | null = null;

  /** Tokens of all rows, those of a row in field order. */
  get tokens(): readonly ModelToken[] {
    return this.#tokens ??= this.rows.flatMap(({ step, cells }, row) =>
      names.flatMap((name) =>
        (cells[name] ?? []).map((value) => ({ row, step, name, type: typeOf(name), value }))
      )
    );
  }

  /** The index of a row's first token, or of the one after the last. */
  tokenOf(row: number): number {
    if (this.#rowStarts === null) {
      const { tokens } = this;
      let at = 0;
      this.#rowStarts = this.rows.map((_, i) => {
        while (at < tokens.length && tokens[at].row < i) at++;
        return at;
      });
    }
    return this.#rowStarts[row] ?? this.tokens.length;
  }

  /** Appends to store and model alike: a new row, or later fields of the last one. */
  append(store: StreamStore<typeof fields>, step: bigint, cells: Cells): void {
    store.append(step, cells);
    this.#tokens = this.#rowStarts = null;
    const last = this.rows.at(-1);
    if (last?.step === step) Object.assign(last.cells, cells);
    else this.rows.push({ step, cells: { ...cells } });
  }
}

export function typeOf(name: Name): number {
  const declared = fields[name];
  return typeof declared === "number" ? declared : declared.type;
}

/** Numbers at which roundings and truths differ. */
const specials = [
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  65504,
  65520,
  2 ** -24,
  2 ** -25,
  5e-324,
  -1e300,
  1 + 2 ** -11,
];

function drawNumber(random: Random): number {
  if (random.below(6) === 0) return specials[random.below(specials.length)];
  return (random.float() - 0.5) * 2 ** (random.below(60) - 30);
}

function drawInteger(random: Random): bigint {
  const bits = BigInt(random.below(2 ** 32)) << 32n | BigInt(random.below(2 ** 32));
  return bits >> BigInt(random.below(64));
}

/** A row's cells: fields that are missing, and lists of any width, none among them. */
function drawCells(random: Random, ending: number, episode: bigint): Cells {
  const cells: Cells = {};
  if (random.below(12) === 0) return cells;
  if (random.below(5) > 0) {
    cells.observation = Array.from({ length: random.below(4) }, () => drawNumber(random));
  }
  if (random.below(4) > 0) cells.action = [BigInt.asIntN(64, drawInteger(random))];
  if (random.below(3) > 0) cells.code = [BigInt.asUintN(64, drawInteger(random))];
  if (random.below(2) > 0) cells.reward = [drawNumber(random)];
  if (random.below(5) > 0) cells.episode = [episode];
  if (ending === 1 || random.below(2) > 0) {
    cells.terminated = [ending === 1 ? drawTruth(random) : drawLie(random)];
  }
  if (ending === 2 || random.below(2) > 0) {
    cells.truncated = [ending === 2 ? 1n << BigInt(random.below(64)) : 0n];
  }
  return cells;
}

function drawTruth(random: Random): number {
  return [1, -2, 5e-324, Infinity][random.below(4)];
}

function drawLie(random: Random): number {
  return [0, 0, -0, NaN][random.below(4)];
}

/** Appends so many random rows: short episodes and long ones, some rows in two goes. Calls back after every append. */
export function grow(
  store: StreamStore<typeof fields>,
  model: Model,
  random: Random,
  rows: number,
  appended: () => void = () => {},
): void {
  let step = model.rows.at(-1)?.step ?? BigInt(random.below(9)) - 4n;
  let episode = BigInt(random.below(3)) - 1n;
  for (let row = 0; row < rows; row++) {
    step += BigInt(1 + random.below(3));
    const ending = random.below(7) < 5 ? 0 : 1 + random.below(2);
    const cells = drawCells(random, ending, episode);
    if (random.below(5) > 0) model.append(store, step, cells);
    else appendInTwo(store, model, step, cells, appended);
    appended();
    if (random.below(6) === 0) episode = BigInt(random.below(3)) - 1n;
  }
}

/** As an environment does that knows only later how a step ended. */
function appendInTwo(
  store: StreamStore<typeof fields>,
  model: Model,
  step: bigint,
  cells: Cells,
  appended: () => void,
): void {
  const { episode, terminated, truncated, ...first } = cells;
  model.append(store, step, first);
  appended();
  const rest = Object.fromEntries(
    Object.entries({ episode, terminated, truncated }).filter(([, value]) => value !== undefined),
  );
  model.append(store, step, rest);
}

export function makeStore(random: Random, rows: number): { store: StreamStore<typeof fields>; model: Model } {
  const store = new StreamStore(fields);
  const model = new Model();
  grow(store, model, random, rows);
  return { store, model };
}
