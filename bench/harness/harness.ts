/**
 * Measures a subject and its limit in turn, round by round, because the speed of a shared machine drifts by more than
 * the differences looked for. One harness of our own, and not `deno bench`: that one runs on Deno only, cannot take
 * turns between two functions, and knows no limit, ratio or proof.
 */

/** One round's time, in nanoseconds for one unit of the work. */
export type Round = () => number | Promise<number>;

/** How a subject did, and how its limit did in the same rounds. */
export interface Sample {
  /** The median of the rounds, and the shortest. */
  readonly time: number;
  readonly best: number;
  readonly limitTime: number;
  readonly limitBest: number;
  /** The median of each round's subject ÷ limit, and between which two a half of them lies. */
  readonly ratio: number;
  readonly ratioSpread: readonly [number, number];
}

/** The time that `work` takes, in nanoseconds. */
export function elapsed(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) * 1e6;
}

/** The same for work that ends later. */
export async function elapsedUntil(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) * 1e6;
}

/** The rounds before the first that counts: engines compile what is hot meanwhile, and pages are touched. */
const warmupShare = 0.25;

/**
 * Runs rounds of several subjects, and returns what each round of each took. Who goes first changes, since the next one
 * finds caches as the one before left them.
 */
export async function takeTurns(roundCount: number, subjects: readonly Round[]): Promise<number[][]> {
  const times: number[][] = subjects.map(() => []);
  const count = subjects.length;
  for (let round = -Math.ceil(roundCount * warmupShare); round < roundCount; round++) {
    for (let turn = 0; turn < count; turn++) {
      // The remainder of a negative number is negative.
      const which = ((round + turn) % count + count) % count;
      const time = await subjects[which]();
      if (round >= 0) times[which].push(time);
    }
  }
  return times;
}

/** Runs rounds of both. */
export async function compare(roundCount: number, subject: Round, limit: Round): Promise<Sample> {
  const [times, limits] = await takeTurns(roundCount, [subject, limit]);
  return sampleOf(times, limits);
}

/** What rounds took, and those of the limit in their turns. */
export function sampleOf(times: readonly number[], limits: readonly number[]): Sample {
  const ratios = times.map((time, i) => time / limits[i]);
  return {
    time: median(times),
    best: Math.min(...times),
    limitTime: median(limits),
    limitBest: Math.min(...limits),
    ratio: median(ratios),
    ratioSpread: [quartile(ratios, 1), quartile(ratios, 3)],
  };
}

/** A subject that has no limit of its own. */
export function measure(roundCount: number, subject: Round): Promise<Sample> {
  return compare(roundCount, subject, () => NaN);
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value at a quarter (1) or at three quarters (3) of them. */
function quartile(values: readonly number[], which: 1 | 3): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * which / 4)];
}

/** Stops the benchmark where a result is not what it must be: a wrong answer has no speed. */
export function prove(what: string, found: number, expected: number): void {
  if (Object.is(found, expected)) return;
  throw new Error(`Cannot trust ${what}: it must give ${expected}, got ${found}`);
}
