/** What a sampler must return, by the definition of each option and nothing else. */
import type { Model } from "./model.ts";
import { roundTo, type ValueDtype } from "./rounding.ts";
import { type Name, names } from "./widths.ts";

export type Boundary = "within" | "pad-left" | "pad-right" | "cross";
export type EpisodeRule =
  | { readonly end: Name | readonly Name[]; readonly sessions?: "split" | "join" }
  | { readonly id: Name }
  | "rows"
  | { readonly starts: readonly number[] };

/** Which windows are valid. */
export interface Rule {
  readonly unit: "tokens" | "steps";
  readonly length: number;
  readonly stride: number;
  readonly boundary: Boundary;
  readonly episodes?: EpisodeRule;
  /** Steps, the second without end where it is Infinity. */
  readonly between?: { readonly steps: readonly [number | bigint, number | bigint] };
}

/** A window without its padding, in tokens or rows. */
export interface ModelWindow {
  readonly anchor: number;
  readonly start: number;
  readonly length: number;
}

/** What a batch looks like. */
export interface Form {
  readonly width: number;
  readonly truncate: boolean;
  readonly dtype: ValueDtype;
  readonly moments: {
    readonly [Key in Name]?: { readonly mean: number; readonly standardDeviation: number };
  };
}

/** One place of a window: null is padding. */
export type Place = { readonly value: number; readonly type: number; readonly step: bigint } | null;

/** Bits of a cell, as an episode's name is compared. */
function nameOf(cell: number | bigint): string {
  return typeof cell === "bigint" ? `${cell}` : `${new BigUint64Array(Float64Array.of(cell).buffer)[0]}`;
}

function isTrue(cell: number | bigint): boolean {
  return typeof cell === "bigint" ? cell !== 0n : cell !== 0 && !Number.isNaN(cell);
}

/** The rows with which episodes begin. */
export function startRows(model: Model, rule: EpisodeRule | undefined): number[] {
  if (rule === undefined) return [0];
  if (rule === "rows") return model.rows.map((_, row) => row);
  if ("starts" in rule) return [...new Set([0, ...rule.starts])];
  const starts = [0];
  let known: string | null = null;
  model.rows.forEach(({ cells }, row) => {
    if ("end" in rule) {
      const ends = [rule.end].flat().some((name) => cells[name]?.some(isTrue)) ||
        (rule.sessions !== "join" && model.sessions.includes(row + 1));
      if (ends && row + 1 < model.rows.length) starts.push(row + 1);
      return;
    }
    const id = cells[rule.id]?.[0];
    if (id === undefined) return;
    if (known !== null && known !== nameOf(id)) starts.push(row);
    known = nameOf(id);
  });
  return starts;
}

/** The rows that windows may have: the first, and the one after the last. */
export function rowsBetween(model: Model, between: Rule["between"]): [number, number] {
  if (between === undefined) return [model.firstRow, model.rows.length];
  const [from, to] = between.steps;
  const isPart = model.rows.map(({ step }, row) => row >= model.firstRow && step >= from && step < to);
  const first = isPart.indexOf(true);
  return first === -1 ? [0, 0] : [first, isPart.lastIndexOf(true) + 1];
}

/** All valid windows, in the order of their anchors. */
export function windowsOf(
  model: Model,
  { unit, length, stride, boundary, episodes, between }: Rule,
): ModelWindow[] {
  const rows = startRows(model, boundary === "cross" ? undefined : episodes);
  const origins = unit === "steps" ? rows : rows.map((row) => model.tokenOf(row));
  const [first, end] = rowsBetween(model, between).map((row) => unit === "steps" ? row : model.tokenOf(row));
  const windows: ModelWindow[] = [];
  for (const [episode, origin] of origins.entries()) {
    const after = Math.min(end, origins[episode + 1] ?? end);
    for (let anchor = origin; anchor < after; anchor += stride) {
      if (anchor < first) continue;
      if (boundary === "pad-left") {
        const start = Math.max(origin, first, anchor - length + 1);
        windows.push({ anchor, start, length: anchor + 1 - start });
      } else if (boundary === "pad-right") {
        windows.push({ anchor, start: anchor, length: Math.min(length, after - anchor) });
      } else if (anchor + length <= after) windows.push({ anchor, start: anchor, length });
    }
  }
  return windows;
}

function valueOf(value: number | bigint, name: Name, { dtype, moments }: Form): number {
  const moment = moments[name];
  if (moment === undefined) return roundTo(value, dtype);
  const factor = moment.standardDeviation > 0 ? 1 / moment.standardDeviation : 1;
  return roundTo((Number(value) - moment.mean) * factor, dtype);
}

/** The tokens of a window, padded and cut as the boundary says. */
export function placesOf(model: Model, rule: Rule, window: ModelWindow, form: Form): Place[] {
  const end = window.start + window.length;
  const tokens = rule.unit === "tokens"
    ? model.tokens.slice(window.start, end)
    : model.tokens.slice(model.tokenOf(window.start), model.tokenOf(end));
  const isRight = rule.boundary === "pad-left";
  const excess = Math.max(0, tokens.length - form.width);
  const kept = isRight ? tokens.slice(excess) : tokens.slice(0, form.width);
  const real = kept.map(({ name, type, step, value }) => ({ value: valueOf(value, name, form), type, step }));
  return pad(real, form.width, isRight);
}

/** The rows of a window as one dense field, a list a row; null is a row of padding. */
export function rowsOf(
  model: Model,
  rule: Rule,
  window: ModelWindow,
  form: Form,
  name: Name,
): ({ readonly step: bigint; readonly values: readonly number[] } | null)[] {
  const rows = model.rows.slice(window.start, window.start + window.length);
  const real = rows.map(({ step, cells }) => ({
    step,
    values: (cells[name] ?? []).map((value) => valueOf(value, name, form)),
  }));
  return pad(real, rule.length, rule.boundary === "pad-left");
}

function pad<Item>(real: readonly Item[], width: number, isRight: boolean): (Item | null)[] {
  const padding = Array.from({ length: width - real.length }, () => null);
  return isRight ? [...padding, ...real] : [...real, ...padding];
}

/** The most tokens that a row has. */
export function widestRow(model: Model): number {
  const widths = model.rows.map(({ cells }) =>
    names.reduce((sum, name) => sum + (cells[name]?.length ?? 0), 0)
  );
  return Math.max(1, ...widths);
}
