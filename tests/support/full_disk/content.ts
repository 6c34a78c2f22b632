/** The steps that the tests of full disks append. */
export const fields = { action: 3, observation: 1 };

/** What a step holds: now and then no field, or an empty list. */
export function valuesOf(step: number): Record<string, number | Float64Array> {
  if (step % 7 === 5) return {};
  if (step % 7 === 6) return { observation: new Float64Array(0) };
  return { action: step, observation: Float64Array.from({ length: 30 }, (_, i) => step * 100 + i) };
}
