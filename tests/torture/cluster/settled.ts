/** Whether a promise has come true within so many milliseconds. */
import { pause } from "../../../src/pause.ts";

export async function isSettled(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const end = new AbortController();
  const isLate = pause(Math.max(0, milliseconds), end.signal).then(() => false, () => false);
  try {
    return await Promise.race([promise.then(() => true), isLate]);
  } finally {
    end.abort();
  }
}
