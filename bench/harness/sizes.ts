/** How much each case does. Small is for tests, which look at results; large is for who has time and 40 GB of disk. */
import { totalmem } from "node:os";

export interface Sizes {
  readonly mode: "small" | "default" | "large";
  /**
   * Rounds of cases whose one round takes a fraction of a millisecond, about one, and tens of them. Few enough that what
   * a case writes stays far below the dirty memory at which the kernel makes writers wait for the disk.
   */
  readonly shortRounds: number;
  readonly mediumRounds: number;
  readonly longRounds: number;
  /** Steps of one sustained append, and rows of columns and datasets. */
  readonly appendSteps: number;
  readonly rows: number;
  /** Stores of the window case, in tokens. */
  readonly windowTokens: readonly number[];
  readonly windowsPerRound: number;
  /** Steps of the store that is gathered from: 44 M tokens where nothing else is said. */
  readonly gatherSteps: number;
  /** Rows, of one token, of the store that is sampled from. */
  readonly sampledRows: number;
  /** Rows of the stores, of one token a row, at which is looked how cost grows; and how many stores, each of so many rows. */
  readonly grownRows: readonly number[];
  readonly grownStores: readonly number[];
  readonly rowsPerStore: number;
  /** Rows of a store half of whose pages are dropped. */
  readonly droppedRows: number;
  /** Stores of the largest mixture. */
  readonly mixedStores: number;
  /** Rows of reference steps that charts show: 100 M tokens where nothing else is said; and of a store of holes. */
  readonly viewedRows: number;
  readonly sparseRows: number;
  /** The store that is open beside the garbage collector, and the stream whose memory is looked at. */
  readonly storeBytes: number;
  readonly streamBytes: number;
  /** How long a writer writes that a reader follows; five times as long at a step a second. */
  readonly lagMs: number;
  /** Objects of a round beside the garbage collector: so many that every round has its share of the pauses. */
  readonly objectsPerRound: number;
}

const defaults: Sizes = {
  mode: "default",
  shortRounds: 400,
  mediumRounds: 100,
  longRounds: 15,
  appendSteps: 500_000,
  rows: 1_000_000,
  windowTokens: [1e6, 1e8],
  windowsPerRound: 20_000,
  gatherSteps: 4_000_000,
  sampledRows: 346_000_000,
  grownRows: [1e6, 1e7, 1e8, 1e9],
  grownStores: [1, 10, 100, 1000],
  rowsPerStore: 100_000,
  droppedRows: 1e8,
  mixedStores: 1000,
  viewedRows: 9_100_000,
  sparseRows: 1_000_000_000,
  storeBytes: 1e10,
  streamBytes: 1e10,
  lagMs: 5000,
  objectsPerRound: 10_000_000,
};

export const sizesOf: Readonly<Record<Sizes["mode"], Sizes>> = {
  default: defaults,
  large: { ...defaults, mode: "large", windowTokens: [1e6, 1e8, 1e9], streamBytes: moreThanMemory() },
  small: {
    mode: "small",
    shortRounds: 4,
    mediumRounds: 4,
    longRounds: 2,
    appendSteps: 10_000,
    rows: 3000,
    windowTokens: [10_000],
    windowsPerRound: 100,
    gatherSteps: 10_000,
    sampledRows: 100_000,
    grownRows: [3000, 20_000],
    grownStores: [1, 3],
    rowsPerStore: 5000,
    droppedRows: 50_000,
    mixedStores: 100,
    viewedRows: 20_000,
    sparseRows: 700_000,
    storeBytes: 1e7,
    streamBytes: 1e7,
    lagMs: 100,
    objectsPerRound: 100_000,
  },
};

/** A quarter more than the machine's memory, in whole gigabytes: such a stream cannot be kept there. */
function moreThanMemory(): number {
  return Math.ceil(1.25 * totalmem() / 1e9) * 1e9;
}
