/** The part of a stream that is drawn from, by the steps of its rows. */
import { describe } from "../fields.ts";
import { isInt64, wrongStep } from "../steps.ts";
import type { Connection } from "../store/connection.ts";
import { isList, readElements } from "../typed_array.ts";
import type { Checks } from "./checks.ts";
import type { Between } from "./options.ts";

/** Steps `from <= step < to`, where `to` null has no end. */
export interface PartPlan {
  readonly from: bigint;
  readonly to: bigint | null;
}

/**
 * The rows of a part, as far as they are committed and kept. Steps never fall: so a row that is known to be the first of
 * a step or a later one stays that.
 */
export class Part {
  /** Rows that were found; null while the stream has not come as far. */
  #first: number | null = null;
  #end: number | null = null;

  constructor(private readonly connection: Connection, private readonly plan: PartPlan) {}

  get firstRow(): number {
    this.#first ??= this.#find(this.plan.from);
    return this.#held(this.#first);
  }

  /** The row after the last. */
  get endRow(): number {
    if (this.plan.to !== null) this.#end ??= this.#find(this.plan.to);
    return this.#held(this.#end);
  }

  #find(step: bigint): number | null {
    const row = this.connection.findRow("stepOrLater", step);
    return row < this.connection.rowCount ? row : null;
  }

  #held(row: number | null): number {
    return row === null ? this.connection.rowCount : Math.max(this.connection.firstRow, row);
  }
}

/** Reads which part is to be drawn from, and checks it. */
export function parseBetween(given: Between, check: Checks): PartPlan {
  check.object("between", given);
  check.names(given, ["steps"], "between.");
  const { steps } = given;
  if (!isList(steps)) {
    throw new TypeError(`${check.action}: between.steps must be a list of two steps, got ${describe(steps)}`);
  }
  const bounds: unknown[] = [];
  readElements(`${check.action}: between.steps`, steps, (step) => void bounds.push(step));
  if (bounds.length !== 2) {
    throw new RangeError(`${check.action}: between.steps must have two steps, got ${bounds.length}`);
  }
  const from = parseStep(bounds[0], "between.steps[0]", check);
  const to = bounds[1] === Infinity ? null : parseStep(bounds[1], "between.steps[1]", check);
  if (to === null || from < to) return { from, to };
  throw new RangeError(`${check.action}: between.steps[1] must be above the first step, ${from}, got ${to}`);
}

function parseStep(step: unknown, name: string, check: Checks): bigint {
  const isStep = typeof step === "bigint" ? isInt64(step) : Number.isSafeInteger(step);
  if (!isStep) throw wrongStep(check.action, name, step);
  return BigInt(step as number);
}
