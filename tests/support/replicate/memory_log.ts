/** A log of messages in memory that fails as brokers do: answers are lost, and so are messages that were acknowledged. */
import type { LoggedMessage, MessageLog } from "../../../src/replicate/log.ts";
import { pause } from "../../../src/pause.ts";

/** Matches as NATS does, where `*` stands for one part of a subject. */
const matches = (pattern: string, subject: string) =>
  new RegExp(`^${pattern.split(".").map((part) => part === "*" ? "[^.]+" : part).join("\\.")}$`).test(
    subject,
  );

export class MemoryLog implements MessageLog {
  messageBytesMax = 1 << 20;
  messages: LoggedMessage[] = [];
  /** Whether nothing is read just now. */
  isHeld = false;
  /** The numbers from which it was read. */
  reads: number[] = [];
  #number = 0;
  /** Called before a message is added, and after: what it throws the sender gets. */
  before: (subject: string) => void = () => {};
  after: (subject: string) => void = () => {};

  async last(subject: string): Promise<LoggedMessage | null> {
    return await Promise.resolve(this.messages.findLast((message) => message.subject === subject) ?? null);
  }

  async next(subject: string, from: number): Promise<LoggedMessage | null> {
    const found = this.messages.find((message) => message.subject === subject && message.number >= from);
    return await Promise.resolve(found ?? null);
  }

  async subjects(pattern: string): Promise<string[]> {
    const all = [...new Set(this.messages.map(({ subject }) => subject))];
    return await Promise.resolve(all.filter((subject) => matches(pattern, subject)));
  }

  async publish(subject: string, bytes: Uint8Array, after: number): Promise<number | null> {
    this.before(subject);
    if (((await this.last(subject))?.number ?? 0) !== after) return null;
    const number = ++this.#number;
    this.messages.push({ subject, number, bytes: bytes.slice() });
    this.after(subject);
    return number;
  }

  async *read(pattern: string, from: number, signal: AbortSignal): AsyncGenerator<LoggedMessage> {
    let next = from;
    this.reads.push(from);
    while (!signal.aborted) {
      const found = this.isHeld
        ? undefined
        : this.messages.find(({ number, subject }) => number >= next && matches(pattern, subject));
      if (found === undefined) {
        await pause(1, signal).catch(() => {});
        continue;
      }
      next = found.number + 1;
      yield found;
    }
  }

  /** As a server that comes back from an older disk: the newest messages are gone, and their numbers come again. */
  rollBack(count: number): void {
    this.messages.splice(Math.max(0, this.messages.length - count));
    this.#number = this.messages.at(-1)?.number ?? 0;
  }

  /** What followers have noted, by follower and store. */
  readonly notes = new Map<string, number>();

  async noteApplied(follower: string, store: string, row: number): Promise<void> {
    this.before("");
    await Promise.resolve(this.notes.set(`${follower} ${store}`, row));
  }

  async applied(follower: string, store: string): Promise<number | null> {
    this.before("");
    return await Promise.resolve(this.notes.get(`${follower} ${store}`) ?? null);
  }

  async close(): Promise<void> {}
}
