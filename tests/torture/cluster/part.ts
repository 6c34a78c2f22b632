/** A process of the cluster under test, which is killed, and begun again with the same request. */
import { Child } from "../child.ts";

export type Role = "collector" | "sender" | "follower" | "trainer";

export class Part {
  kills = 0;
  /** Whether something else is done to it just now, so that it is not killed. */
  isHeld = false;
  /** With what it may end by itself just now. */
  mayEndWith: RegExp | null = null;
  #child: Child | null = null;
  #lineOfDead = "";

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

  start(): void {
    const child = this.#child = new Child(this.file, this.request());
    child.exited.then((end) => {
      if (this.#child !== child || this.mayEndWith?.test(child.errors)) return;
      this.onEnd(new Error(`${this.role} ${this.index} ended by itself (${end}): ${child.errors}`));
    });
  }

  /** Returns once it has told something since it was begun, or has ended. */
  async told(): Promise<void> {
    await this.#child?.waitForLines(1);
  }

  /** Returns once it has ended by itself, with what it said of it. */
  async ended(): Promise<string> {
    await this.#child?.exited;
    return this.#child?.errors ?? "";
  }

  /** Stops it for so long, as a machine that swaps, or a laptop that sleeps. */
  async stop(milliseconds: number): Promise<void> {
    await this.#child?.stop(milliseconds);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    await child.kill();
    this.#lineOfDead = child.line || this.#lineOfDead;
    this.kills++;
  }
}
