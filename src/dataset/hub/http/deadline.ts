/** What is slower than this counts as silent: bytes that drip would keep a request open for ever. */
const bytesPerSecond = 1000;

/**
 * Aborts a request whose other side is silent or too slow, or that its caller has no more use for. Only the time counts
 * in which something is waited for.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #end = () => this.#controller.abort(this.outer!.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #startedMs = 0;
  #waitedMs = 0;
  #bytes = 0;

  constructor(private readonly seconds: number, private readonly outer: AbortSignal | null | undefined) {
    if (outer?.aborted) this.#end();
    else outer?.addEventListener("abort", this.#end, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins to wait for the other side. */
  wait(): void {
    clearTimeout(this.#timer);
    this.#startedMs = performance.now();
    const left = Math.max(0, 1000 * this.seconds - this.#waitedMs);
    this.#timer = setTimeout(() => this.#controller.abort(this.#reason()), left);
  }

  /** What was waited for, or the abort: a read that came in between may not hear of it in Deno, and go on. */
  race<Result>(waiting: Promise<Result>): Promise<Result> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      const settle = (done: () => void) => {
        signal.removeEventListener("abort", abort);
        done();
      };
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
      waiting.then((result) => settle(() => resolve(result)), (error) => settle(() => reject(error)));
    });
  }

  /** Something came: once it is enough for the time that it took, the time begins anew. */
  took(bytes: number): void {
    clearTimeout(this.#timer);
    this.#waitedMs += performance.now() - this.#startedMs;
    this.#bytes += bytes;
    if (this.#bytes < bytesPerSecond * this.seconds) return;
    this.#waitedMs = 0;
    this.#bytes = 0;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.outer?.removeEventListener("abort", this.#end);
  }

  #reason(): Error {
    const { seconds } = this;
    if (this.#bytes === 0) return new Error(`no byte for ${seconds} s`);
    return new Error(`${this.#bytes} bytes in ${seconds} s, fewer than ${bytesPerSecond * seconds}`);
  }
}
