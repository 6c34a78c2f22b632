import { messageOf } from "../../decode.ts";
import { StreamStoreError } from "../../../error.ts";
import { clean, httpError, RefusedAnswer } from "./failure.ts";
import { hubFetch } from "./fetch.ts";
import { isRetryable, RetryableError, retrying, waitSecondsOf } from "./retry.ts";
import type { Settings } from "../settings.ts";

/** One request, and the words for errors about it. */
export interface Request {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is made anew for each try. */
  readonly body?: string | (() => ReadableStream<Uint8Array>);
  /** Whether it is the storage that is asked: its address holds a signature, which stands in for the token. */
  readonly isStorage?: boolean;
  /** Whether an answer that leads elsewhere is the answer; otherwise it is followed. */
  readonly redirect?: "manual";
  /** Completes "Cannot …": `load user/name`. */
  readonly action: string;
  /** What is asked for: `README.md`. */
  readonly what: string;
}

/** Asks the Hub, and the storage that it sends us to. */
export class Client {
  readonly #origin: string;

  /** @param fetch What all requests go through. */
  constructor(
    readonly settings: Settings,
    readonly fetch = hubFetch(settings.endpoint, settings.retry.timeoutSeconds),
  ) {
    this.#origin = new URL(settings.endpoint).origin;
  }

  /** The same client, whose requests are ended by one more signal. */
  until(signal: AbortSignal): Client {
    const { settings, fetch } = this;
    const signals = [signal, ...(settings.signal === undefined ? [] : [settings.signal])];
    return new Client({ ...settings, signal: AbortSignal.any(signals) }, fetch);
  }

  /** The answer to one try. Its body is read or canceled by the caller. */
  async open({ url, method = "GET", headers = {}, body, isStorage, redirect }: Request): Promise<Response> {
    const { token, signal } = this.settings;
    const sent = new Headers({ "User-Agent": "streamstore", ...headers });
    // Only to the endpoint itself: what it names as a place to upload to has no business with it.
    if (!isStorage && token !== null && this.isHub(url)) sent.set("Authorization", `Bearer ${token}`);
    const content = typeof body === "function" ? body() : body;
    return await this.fetch(url, { method, headers: sent, body: content, redirect, signal });
  }

  isHub(url: string): boolean {
    return new URL(url).origin === this.#origin;
  }

  /** Tries until there is an answer that is a success; `read` takes its body. */
  async request<Result>(request: Request, read: (response: Response) => Promise<Result>): Promise<Result> {
    return await retrying(this.settings, async () => {
      try {
        const response = await this.open(request);
        if (response.ok) return await read(response);
        throw await this.httpError(request, response);
      } catch (error) {
        throw this.failure(request, error);
      }
    });
  }

  /** The error of an answer that is no success. */
  async httpError(request: Request, response: Response): Promise<Error> {
    const error = await httpError(request, response, this.settings);
    return isRetryable(response.status) ? new RetryableError(error, waitSecondsOf(response.headers)) : error;
  }

  /** The error of a try: a connection that failed may well work the next time, what was said no to stays as it is. */
  failure({ action, what }: Pick<Request, "action" | "what">, error: unknown, isProgress = false): Error {
    if (error instanceof RetryableError || error instanceof StreamStoreError) return error;
    const reason = error instanceof RefusedAnswer
      ? `${error.needed}, got ${error.got}`
      : `must come whole, got ${messageOf(error)}`;
    // The cause is not kept: in it the runtimes put addresses, and those of the storage hold a signature.
    const told = new StreamStoreError(
      "input-output",
      clean(`Cannot ${action}: ${what} ${reason}`, this.settings),
    );
    return error instanceof RefusedAnswer ? told : new RetryableError(told, null, isProgress);
  }

  /** The JSON that the Hub answers, and the answer's headers. */
  async json(request: Request): Promise<{ value: unknown; headers: Headers; length: number }> {
    return await this.request(request, async (response) => {
      const text = await response.text();
      return { value: JSON.parse(text), headers: response.headers, length: text.length };
    });
  }

  async post(request: Omit<Request, "method" | "body">, body: unknown): Promise<unknown> {
    const headers = { "Content-Type": "application/json", ...request.headers };
    const { value } = await this.json({ ...request, method: "POST", headers, body: JSON.stringify(body) });
    return value;
  }
}
