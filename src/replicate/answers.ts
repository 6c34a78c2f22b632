/** Since when a log does not answer. */
export class Answers {
  #missedSince = Infinity;

  constructor(private readonly onMissed: (milliseconds: number, error: unknown) => void) {}

  came(): void {
    this.#missedSince = Infinity;
  }

  missed(error: unknown): void {
    const now = performance.now();
    this.#missedSince = Math.min(this.#missedSince, now);
    this.onMissed(now - this.#missedSince, error);
  }
}
