/**
 * What trainers find in windows of tokens. A row's tokens follow from its number, so a window is right where it is a
 * piece of what the rows from its first one on have: the trainer's store is not asked.
 */
import assert from "node:assert/strict";
import { contentOf, fieldsBy, type Widths } from "../content.ts";

/** As batches have them, shape `[B, T]`. */
export interface Windows {
  readonly size: number;
  readonly lengths: Int32Array;
  readonly steps: Float64Array;
  readonly types: Int32Array;
  readonly values: Float64Array;
}

interface Token {
  readonly step: number;
  readonly type: number;
  readonly value: number;
}

/** Returns how many there were. */
export function checkWindows(windows: Windows, widths: Widths): number {
  const width = windows.steps.length / windows.size;
  for (let i = 0; i < windows.size; i++) {
    const from = i * width;
    const to = from + windows.lengths[i];
    const tokens = Array.from({ length: to - from }, (_, k) => ({
      step: windows.steps[from + k],
      type: windows.types[from + k],
      value: windows.values[from + k],
    }));
    checkWindow(tokens, widths);
  }
  return windows.size;
}

/** Begins amid a row, maybe. */
function checkWindow(tokens: readonly Token[], widths: Widths): void {
  assert.ok(tokens.length > 0);
  const [{ step }, last] = [tokens[0], tokens.at(-1)!];
  const isPlausible = Number.isInteger(step) && step >= 0 && last.step >= step &&
    last.step <= step + tokens.length * 20;
  const expected: Token[] = [];
  for (let row = step; isPlausible && row <= last.step; row++) expected.push(...tokensOf(row, widths));
  const first = tokensOf(step, widths).length;
  for (let offset = 0; offset < first; offset++) {
    if (tokens.every((token, i) => isSame(token, expected[offset + i]))) return;
  }
  assert.fail(
    `A window is no piece of what was written: ${JSON.stringify(tokens)} of ${
      JSON.stringify(expected.slice(0, 64))
    }`,
  );
}

function isSame(token: Token, expected: Token | undefined): boolean {
  return token.step === expected?.step && token.type === expected.type && token.value === expected.value;
}

function tokensOf(step: number, widths: Widths): Token[] {
  const fields: Readonly<Record<string, { readonly type: number }>> = fieldsBy[widths];
  return Object.entries(contentOf(step, widths)).flatMap(([name, value]) => {
    const { type } = fields[name];
    return [value ?? []].flat().map((one) => ({ step, type, value: Number(one) }));
  });
}
