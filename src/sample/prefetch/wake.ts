/**
 * How one side of the ring waits and the other wakes it. To wake a thread is a system call, which takes 5 to 20 µs, as long
 * as a small batch: so it is made only where somebody waits, and for several batches at once.
 */

/** Words of shared memory that a `Wake` takes: what is waited on, and for how many (0: nobody waits). */
export const wakeWords = 2;

export class Wake {
  /** @param place Of its words. */
  constructor(private readonly words: Int32Array, private readonly place: number) {}

  /**
   * Waits until it is woken, for so many or for no number, and no longer than so long. `isThere` tells whether what is
   * waited for is there already: it is asked when the other side can see that this one waits, so that nothing is missed.
   */
  wait(count: number, isThere: () => boolean, ms = Infinity): void {
    const { words, place } = this;
    const before = Atomics.load(words, place);
    Atomics.store(words, place + 1, count);
    if (!isThere()) Atomics.wait(words, place, before, ms);
    Atomics.store(words, place + 1, 0);
  }

  /** Wakes who waits for no more than so many. */
  wake(count = Infinity): void {
    const { words, place } = this;
    const wanted = Atomics.load(words, place + 1);
    if (wanted === 0 || wanted > count) return;
    Atomics.store(words, place + 1, 0);
    Atomics.add(words, place, 1);
    Atomics.notify(words, place);
  }
}
