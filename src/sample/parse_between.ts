/** Reads which part of a stream is to be drawn from, and checks it. */
import { describe } from "../fields.ts";
import { isInt64, wrongStep } from "../steps.ts";
import { isList, readElements } from "../typed_array.ts";
import type { Checks } from "./checks.ts";
import type { Between } from "./options.ts";
import type { PartPlan } from "./part.ts";

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
