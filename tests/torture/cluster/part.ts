/** A process of the cluster under test, which is killed, and begun again with the same request. */
import { Child } from "../child.ts";

export type Role = "collector" | "sender" | "follower" | "trainer";

export class Part {
  kills = 0;
  #child: Child | null = null;
  #lineOfDead = "";

  /**
   * @param onEnd Told of one that ends by itself, which none may.
   */
  constructor(
    readonly role: Role,
    readonly name: string,
    private readonly file: string,
    private readonly request: () => unknown,
    private readonly onEnd: (reason: Error) => void,
  ) {}

  /** The last line that it, or the one before it, has told. */
  get line(): string {
    return this.#child?.line || this.#lineOfDead;
  }

  get id(): number | undefined {
    return this.#child?.id;
  }

  start(): void {
    const child = this.#child = new Child(this.file, this.request());
    child.exited.then((end) => {
      if (this.#child !== child) return;
      this.onEnd(new Error(`${this.name} ended by itself (${end}): ${child.errors}`));
    });
  }

  /** Returns once it has told something since it was begun, or has ended. */
  async told(): Promise<void> {
    await this.#child?.waitForLines(1);
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
