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

/** Causes of causes are no help to anyone beyond so many. */
const depthMax = 8;

/** Has an error, and what caused it, speak printably. */
export function makePrintable(error: unknown, depth = 0): void {
  if (!(error instanceof Error) || depth === depthMax) return;
  const { message, stack } = error;
  if (!isPrintable(message)) {
    error.message = printable(message);
    // Where the engine keeps the message in the stack, too, lines end as they should.
    if (stack !== undefined) error.stack = stack.replaceAll(message, () => error.message);
  }
  makePrintable(error.cause, depth + 1);
}
