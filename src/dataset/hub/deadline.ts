/** Aborts a request that has been silent for too long, or that its caller has no more use for. */
export class Deadline {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #end = () => this.#controller.abort(this.outer!.reason);

  constructor(private readonly seconds: number, private readonly outer: AbortSignal | undefined) {
    if (outer?.aborted) this.#end();
    else outer?.addEventListener("abort", this.#end, { once: true });
    this.extend();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came: the time begins anew. */
  extend(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#controller.abort(new Error(`no byte for ${this.seconds} s`)),
      1000 * this.seconds,
    );
  }

  end(): void {
    clearTimeout(this.#timer);
    this.outer?.removeEventListener("abort", this.#end);
  }
}
