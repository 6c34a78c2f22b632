/** A store as plain arrays, and random small ones of all shapes. */
import { StreamStore } from "../../../mod.ts";
import type { Random } from "../support.ts";
import {
  declare,
  drawLie,
  drawTruth,
  drawValue,
  type Dtypes,
  fit,
  type Name,
  names,
  typeOf,
  wide,
} from "./widths.ts";

export const fields = declare(wide);
export type Store = StreamStore<typeof fields>;

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
  /** The rows with which writers began. */
  readonly sessions: number[] = [0];
  #tokens: ModelToken[] | null = null;
  #rowStarts: number[] | null = null;

  constructor(readonly dtypes: Dtypes = wide) {}

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
  append(store: Store, step: bigint, cells: Cells): void {
    store.append(step, cells);
    this.#tokens = this.#rowStarts = null;
    const last = this.rows.at(-1);
    if (last?.step === step) Object.assign(last.cells, cells);
    else this.rows.push({ step, cells: { ...cells } });
  }
}

/** A row's cells: fields that are missing, and lists of any width, none among them. */
function drawCells(random: Random, dtypes: Dtypes, ending: number, episode: bigint): Cells {
  const cells: Cells = {};
  if (random.below(12) === 0) return cells;
  const put = (name: Name, draw: (dtype: NonNullable<Dtypes[Name]>) => (number | bigint)[]) => {
    const dtype = dtypes[name];
    if (dtype !== undefined) cells[name] = draw(dtype);
  };
  if (random.below(5) > 0) {
    put("observation", (dtype) => Array.from({ length: random.below(4) }, () => drawValue(random, dtype)));
  }
  if (random.below(4) > 0) put("action", (dtype) => [drawValue(random, dtype)]);
  if (random.below(3) > 0) put("code", (dtype) => [drawValue(random, dtype)]);
  if (random.below(2) > 0) put("reward", (dtype) => [drawValue(random, dtype)]);
  if (random.below(5) > 0) put("episode", (dtype) => [fit(dtype, episode)]);
  for (const [i, name] of (["terminated", "truncated"] as const).entries()) {
    const ends = ending === i + 1;
    if (!ends && random.below(2) === 0) continue;
    put(name, (dtype) => [ends ? drawTruth(random, dtype) : drawLie(random, dtype)]);
  }
  return cells;
}

/** Appends so many random rows: short episodes and long ones, some rows in two goes. Calls back after every append. */
export function grow(
  store: Store,
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
    const cells = drawCells(random, model.dtypes, ending, episode);
    if (random.below(5) > 0) model.append(store, step, cells);
    else appendInTwo(store, model, step, cells, appended);
    appended();
    if (random.below(6) === 0) episode = BigInt(random.below(3)) - 1n;
  }
}

/** As an environment does that knows only later how a step ended. */
function appendInTwo(
  store: Store,
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

export function makeStore(random: Random, rows: number, dtypes = wide): { store: Store; model: Model } {
  const store: Store = new StreamStore(declare(dtypes));
  const model = new Model(dtypes);
  grow(store, model, random, rows);
  return { store, model };
}
