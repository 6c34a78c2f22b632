/** A source of uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * Tommy Ettinger's mulberry32: 32 bits of state, one multiplication chain a number.
 *
 * `Math.random` cannot be seeded, and a run that cannot be repeated cannot be
 * compared between two runtimes. Integer arithmetic gives both the same numbers.
 *
 * @param seed any integer; its low 32 bits count
 */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
