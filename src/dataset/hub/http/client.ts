import { messageOf } from "../../decode.ts";
import { StreamStoreError } from "../../../error.ts";
import { clean, connectionError, readRefusal, refusalError } from "./failure.ts";
import { hubFetch } from "./fetch.ts";
import { RefusedAnswer } from "./refused.ts";
import { isPassing, PassingFailure, retrying, waitSecondsOf } from "./retry.ts";
import type { Settings } from "../settings.ts";

/** One request, and the words for errors about it. */
export interface Request {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream<Uint8Array>;
  /** False where the address holds a signature, which stands in for the token. */
  readonly withToken?: boolean;
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
  async open(request: Request): Promise<Response> {
    const { url, method = "GET", headers = {}, body, withToken = true, redirect } = request;
    const { token, signal } = this.settings;
    const sent = new Headers({ "User-Agent": "streamstore", ...headers });
    // Only to the endpoint itself: what it names as a place to upload to has no business with it.
    if (withToken && token !== null && this.isHub(url)) sent.set("Authorization", `Bearer ${token}`);
    try {
      return await this.fetch(url, { method, headers: sent, body, redirect, signal });
    } catch (error) {
      throw error instanceof RefusedAnswer ? this.refused(request, error) : error;
    }
  }

  isHub(url: string): boolean {
    return new URL(url).origin === this.#origin;
  }

  /** Tries until there is an answer that is a success; `read` takes its body. */
  async request<Result>(request: Request, read: (response: Response) => Promise<Result>): Promise<Result> {
    const { action, what } = request;
    return await retrying(this.settings, async () => {
      try {
        const response = await this.open(request);
        if (response.ok) return await read(response);
        const error = refusalError(action, what, await readRefusal(response), this.settings);
        throw isPassing(response.status) ? new PassingFailure(error, waitSecondsOf(response.headers)) : error;
      } catch (error) {
        throw this.lost(request, error);
      }
    });
  }

  /** A connection that failed may well work the next time. What was said no to stays as it is. */
  lost(request: Pick<Request, "action" | "what">, error: unknown, isProgress = false): Error {
    if (error instanceof PassingFailure || error instanceof StreamStoreError) return error;
    if (error instanceof RefusedAnswer) return this.refused(request, error);
    const { action, what } = request;
    return new PassingFailure(
      connectionError(action, what, messageOf(error), this.settings),
      null,
      isProgress,
    );
  }

  refused({ action, what }: Pick<Request, "action" | "what">, { needed, got }: RefusedAnswer): Error {
    const message = clean(`Cannot ${action}: ${what} ${needed}, got ${got}`, this.settings);
    return new StreamStoreError("input-output", message);
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
