/**
 * The memory that a prefetching sampler shares with its Worker: batches in a ring, and beside each where the sampler
 * stands behind it. A batch is made and taken without a message.
 */
import type { EpochState } from "../space.ts";

/** What is shared. A slot holds one batch, and behind it where its windows lie if the Worker is told that. */
export interface RingMemory {
  readonly words: SharedArrayBuffer;
  readonly reports: SharedArrayBuffer;
  readonly slots: readonly SharedArrayBuffer[];
}

/** A batch that is in the ring. */
export interface BatchReport {
  /** Which start or restore it comes from. */
  readonly generation: number;
  readonly size: number;
  /** Where a sampler stands that has made this batch last. */
  readonly position: number;
  readonly epoch?: EpochState | undefined;
}

/** Words of shared memory that a `Wake` takes: what is waited on, and for how many (0: nobody waits). */
const wakeWords = 2;

/**
 * How one side waits and the other wakes it. To wake a thread is a system call, which takes 5 to 20 µs, as long as a small
 * batch: so it is made only where somebody waits, and for several batches at once.
 */
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

/**
 * Batches made, taken, and drawn for the Worker; orders sent to it; whether the sampler waits for a message. Then what the
 * Worker waits on, and what the sampler does.
 */
const word = {
  made: 0,
  taken: 1,
  drawn: 2,
  orders: 3,
  isAwaited: 4,
  maker: 5,
  taker: 5 + wakeWords,
  length: 5 + 2 * wakeWords,
} as const;

/**
 * More than so many batches at once make a wake no cheaper: each has a sixteenth of it. A Worker that waits goes on when so
 * many slots are free, or half of them: what is ready never falls below that for a trainer that is slower.
 */
const togetherMax = 16;

const place = {
  generation: 0,
  size: 1,
  position: 2,
  hasEpoch: 3,
  epoch: 4,
  base: 5,
  end: 6,
  windows: 7,
  length: 8,
};

export function allocateRing(slotCount: number, slotBytes: number): RingMemory {
  return {
    words: new SharedArrayBuffer(4 * word.length),
    reports: new SharedArrayBuffer(8 * place.length * slotCount),
    slots: Array.from({ length: slotCount }, () => new SharedArrayBuffer(slotBytes)),
  };
}

/** What both sides do alike. Counts in the shared words are modulo 2 ** 32, which a fast trainer reaches within a day. */
class Side {
  protected readonly words: Int32Array;
  readonly #reports: Float64Array;
  protected readonly slotCount: number;
  protected readonly maker: Wake;
  protected readonly taker: Wake;
  /** Batches that this side has made or taken. */
  protected count = 0;

  constructor({ words, reports, slots }: RingMemory) {
    this.words = new Int32Array(words);
    this.#reports = new Float64Array(reports);
    this.slotCount = slots.length;
    this.maker = new Wake(this.words, word.maker);
    this.taker = new Wake(this.words, word.taker);
  }

  /** The slot of the next batch. */
  get slot(): number {
    return this.count % this.slotCount;
  }

  /** The number of that batch, among all. */
  get number(): number {
    return this.count;
  }

  protected reportOf(slot: number): Float64Array {
    return this.#reports.subarray(place.length * slot, place.length * (slot + 1));
  }

  protected write(slot: number, { generation, size, position, epoch }: BatchReport): void {
    const { epoch: number = 0, base = 0, end = 0, windows = 0 } = epoch ?? {};
    this.reportOf(slot).set([
      generation,
      size,
      position,
      epoch === undefined ? 0 : 1,
      number,
      base,
      end,
      windows,
    ]);
  }

  /** Batches that are in the ring, that which is looked at among them. */
  protected held(): number {
    return (Atomics.load(this.words, word.made) - Atomics.load(this.words, word.taken)) | 0;
  }
}

/** The Worker's side. */
export class Maker extends Side {
  /** @param isDrawnFirst Whether batches are only made whose windows were drawn. */
  constructor(memory: RingMemory, private readonly isDrawnFirst = false) {
    super(memory);
  }

  /** Waits until there is a batch to make. False as soon as there is an order beyond so many. */
  waitForRoom(orderCount: number): boolean {
    const isThere = () => this.#hasOrder(orderCount) || this.#hasRoom;
    while (!isThere()) this.maker.wait(Math.min(togetherMax, this.slotCount >> 1), isThere);
    return !this.#hasOrder(orderCount);
  }

  /** Hands over the batch in the slot. Returns whether a message is waited for. */
  publish(report: BatchReport): boolean {
    this.write(this.slot, report);
    return this.#handOver();
  }

  /** The same of a batch whose windows were drawn. One that is not filled has the size 0. */
  publishDrawn(isFilled: boolean): boolean {
    if (!isFilled) this.reportOf(this.slot)[place.size] = 0;
    return this.#handOver();
  }

  /** An order may be taken before it is counted. */
  #hasOrder(orderCount: number): boolean {
    return ((Atomics.load(this.words, word.orders) - orderCount) | 0) > 0;
  }

  get #hasRoom(): boolean {
    if (!this.isDrawnFirst) return this.held() < this.slotCount;
    return ((Atomics.load(this.words, word.drawn) - this.count) | 0) > 0;
  }

  #handOver(): boolean {
    this.count++;
    Atomics.store(this.words, word.made, this.count | 0);
    return this.wake(this.held());
  }

  /** Wakes who waits, for so many batches or for a message. Returns whether it is a message. */
  wake(count?: number): boolean {
    this.taker.wake(count);
    return Atomics.exchange(this.words, word.isAwaited, 0) === 1;
  }
}

/** The sampler's side. */
export class Taker extends Side {
  #drawn = 0;
  /** For how many batches it has waited the last time, and before which. */
  #wanted = 1;
  #waitedAt = -Infinity;

  /** Batches that were drawn and not taken. */
  get pending(): number {
    return this.#drawn - this.count;
  }

  /** The slot of the next batch to be drawn; null where none is free. */
  get freeSlot(): number | null {
    return this.pending < this.slotCount ? this.#drawn % this.slotCount : null;
  }

  /** Hands the Worker the windows of a batch that were drawn into the free slot. */
  announce(report: BatchReport): void {
    this.write(this.freeSlot!, report);
    this.#drawn++;
    Atomics.store(this.words, word.drawn, this.#drawn | 0);
    this.maker.wake((this.#drawn - Atomics.load(this.words, word.made)) | 0);
  }

  /** The oldest batch, which stays in its slot until it is released; null where none is ready. */
  peek(): BatchReport | null {
    if (this.held() === 0) return null;
    const report = this.reportOf(this.slot);
    const epoch = {
      epoch: report[place.epoch],
      base: report[place.base],
      end: report[place.end],
      windows: report[place.windows],
    };
    return {
      generation: report[place.generation],
      size: report[place.size],
      position: report[place.position],
      epoch: report[place.hasEpoch] === 0 ? undefined : epoch,
    };
  }

  release(): void {
    this.count++;
    Atomics.store(this.words, word.taken, this.count | 0);
    this.maker.wake(this.slotCount - this.held());
  }

  /** Has the Worker read what was sent to it. */
  order(): void {
    Atomics.add(this.words, word.orders, 1);
    this.maker.wake();
  }

  /**
   * Waits so long, without giving up the turn: for one batch, or where the last wait was only a few batches ago, for twice
   * as many as then.
   */
  wait(ms: number): void {
    const isOften = this.count - this.#waitedAt <= 2 * this.#wanted;
    this.#wanted = isOften ? Math.min(2 * this.#wanted, togetherMax, this.slotCount - 1) : 1;
    this.#waitedAt = this.count;
    this.maker.wake();
    this.taker.wait(this.#wanted, () => this.held() >= this.#wanted, ms);
  }

  /** Asks for a message with the next batch, and has the Worker go on with what there is to do. */
  await(): void {
    Atomics.store(this.words, word.isAwaited, 1);
    this.maker.wake();
  }
}
