import { describe } from "../fields.ts";
import { checkOptions } from "../options.ts";
import { pause } from "../pause.ts";
import type { WaitOptions } from "./open.ts";
import type { Session } from "./session.ts";

/** A reader that waits lags so much behind a commit; 250 looks a second take 1 % of a core. */
const pauseMsMax = 4;

/** For a reader: refreshes until there are so many rows, as {@linkcode StreamStore.waitForRows} says. */
export async function waitForRows(
  session: Session,
  rowCount: number,
  options: WaitOptions,
): Promise<void> {
  checkOptions(options, ["signal"], "wait for rows");
  if (!Number.isInteger(rowCount) || rowCount < 0) {
    throw new RangeError(
      `Cannot wait for rows: their number must be a whole number, got ${describe(rowCount)}`,
    );
  }
  for (let pauseMs = 1;; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
    options.signal?.throwIfAborted();
    session.refresh();
    if (session.rowCount >= rowCount) return;
    await pause(pauseMs, options.signal);
  }
}
