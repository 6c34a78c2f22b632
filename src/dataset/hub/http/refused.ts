/**
 * That what an answer leads to, or holds, is not taken: asking again would not help. Read as a sentence, `needed` follows
 * what was asked for: `must come from …`.
 */
export class RefusedAnswer extends Error {
  constructor(readonly needed: string, readonly got: string) {
    super(`the answer ${needed}, got ${got}`);
  }
}
