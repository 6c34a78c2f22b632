/** A process of the cluster under test, which is killed, and begun again with the same request. */
import { Child } from "../child.ts";

export type Role = "collector" | "sender" | "follower" | "trainer";

export class Part {
  /** Whether something else is done to it just now, so that it is not killed. */
  isHeld = false;
  /** With what it may end by itself just now. */
  #mayEndWith: RegExp | null = null;
  #child: Child | null = null;
  #lineOfDead = "";
  /** The last numbers that the dead have told, added up. */
  #toldByDead = 0;
  #gone: Promise<void> = Promise.resolve();
  #isOver = false;

  /**
   * @param onEnd Told of one that ends by itself, which none may but with what is allowed to it.
   */
  constructor(
    readonly role: Role,
    readonly index: number,
    private readonly file: string,
    private readonly request: () => unknown,
    private readonly onEnd: (reason: Error) => void,
  ) {}

  /** The last line that it, or the one before it, has told. */
  get line(): string {
    return this.#child?.line || this.#lineOfDead;
  }

  /** The last numbers that it, and all before it, have told, added up. */
  get total(): number {
    return this.#toldByDead + Number(this.#child?.line ?? 0);
  }

  /** Where it does not run. */
  start(): void {
    if (this.#child !== null || this.#isOver) return;
    const child = this.#child = new Child(this.file, this.request());
    child.exited.then((end) => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#bury(child);
      if (this.#mayEndWith?.test(child.errors)) return;
      this.onEnd(new Error(`${this.role} ${this.index} ended by itself (${end}): ${child.errors}`));
    });
  }

  /** Returns once it has told something since it was begun, or has ended. */
  async told(): Promise<void> {
    await this.#child?.waitForLines(1);
  }

  /** Returns once it has ended by itself, with what it said of it. */
  async ended(): Promise<string> {
    const child = this.#child;
    await child?.exited;
    return child?.errors ?? "";
  }

  /** Stops it for so long, as a machine that swaps, or a laptop that sleeps. */
  async stop(milliseconds: number): Promise<void> {
    await this.#child?.stop(milliseconds);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child !== null) {
      this.#child = null;
      this.#gone = child.kill().then(() => this.#bury(child));
    }
    await this.#gone;
  }

  /**
   * Has it run, and nobody else kill it, while a task does something to it. Where it may end by itself meanwhile, it is
   * begun again in the end.
   */
  async hold(task: () => Promise<void>, mayEndWith: RegExp | null = null): Promise<void> {
    this.isHeld = true;
    this.#mayEndWith = mayEndWith;
    try {
      await this.#gone;
      this.start();
      await task();
      if (mayEndWith !== null) await this.kill();
    } finally {
      this.#mayEndWith = null;
      this.isHeld = false;
      this.start();
    }
  }

  /** It does not run any more, nor again. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.kill();
  }

  #bury({ line }: Child): void {
    this.#lineOfDead = line || this.#lineOfDead;
    this.#toldByDead += Number(line);
  }
}
