/**
 * A text that a terminal only shows: characters that move its cursor, color it, end lines or turn the direction of writing
 * stand as their code points. Whatever a server says, or a file of a stranger, may hold them.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

/** Whether a text is printable as it is. */
export function isPrintable(text: string): boolean {
  return printable(text) === text;
}

/**
 * Has what a task throws say so printably: names of columns, splits and files, and what readers quote of them, reach
 * messages from many places. `reason` is the caller's own, and stays as it is.
 */
export async function withPrintableErrors<Result>(
  signal: AbortSignal | undefined,
  task: () => Promise<Result>,
): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) makePrintable(error);
    throw error;
  }
}

/** Causes of causes are no help to anyone beyond so many. */
const depthMax = 8;

function makePrintable(error: unknown, depth = 0): void {
  if (!(error instanceof Error) || depth === depthMax) return;
  const { message } = error;
  if (!isPrintable(message)) {
    const shown = printable(message);
    // Where the engine keeps the message in the stack, too, lines end as they should.
    const stack = error.stack?.replaceAll(message, () => shown);
    error.message = shown;
    if (stack !== undefined) error.stack = stack;
  }
  makePrintable(error.cause, depth + 1);
}
