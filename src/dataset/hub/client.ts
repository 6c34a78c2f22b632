import { Deadline } from "./deadline.ts";
import { connectionError, readRefusal, reasonOf, refusalError } from "./failure.ts";
import { isPassing, PassingFailure, retrying, waitSecondsOf } from "./retry.ts";
import type { Settings } from "./settings.ts";

/** One request, and the words for errors about it. */
export interface Request {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** False where the address holds a signature, which stands in for the token. */
  readonly withToken?: boolean;
  /** Completes "Cannot …": `load user/name`. */
  readonly action: string;
  /** What is asked for: `README.md`. */
  readonly what: string;
}

/** An answer whose body is still to come. */
export interface Opened {
  readonly response: Response;
  readonly deadline: Deadline;
}

/** Asks the Hub, and the storage that it sends us to. */
export class Client {
  readonly #origin: string;

  constructor(readonly settings: Settings) {
    this.#origin = new URL(settings.endpoint).origin;
  }

  /** The answer to one try; redirects are not followed, because `fetch` would not say where they led. */
  async open({ url, method = "GET", headers = {}, body, withToken = true }: Request): Promise<Opened> {
    const { token, retry, signal } = this.settings;
    const sent = new Headers({ "User-Agent": "streamstore", ...headers });
    // Only to the endpoint itself: what it redirects to, or names as a place to upload to, has no business with it.
    if (withToken && token !== null && this.isHub(url)) sent.set("Authorization", `Bearer ${token}`);
    const deadline = new Deadline(retry.timeoutSeconds, signal);
    try {
      const response = await fetch(url, {
        method,
        headers: sent,
        body,
        redirect: "manual",
        signal: deadline.signal,
      });
      deadline.extend();
      return { response, deadline };
    } catch (error) {
      deadline.end();
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    }
  }

  isHub(url: string): boolean {
    return new URL(url).origin === this.#origin;
  }

  /** Tries until there is an answer that is a success; `read` takes its body. */
  async request<Result>(request: Request, read: (response: Response) => Promise<Result>): Promise<Result> {
    const { action, what } = request;
    return await retrying(this.settings, async () => {
      let opened: Opened;
      try {
        opened = await this.open(request);
      } catch (error) {
        throw this.lost(request, error);
      }
      const { response, deadline } = opened;
      try {
        if (response.ok) {
          return await read(response).catch((error) => {
            throw this.lost(request, error);
          });
        }
        const error = refusalError(action, what, await readRefusal(response), this.settings);
        throw isPassing(response.status) ? new PassingFailure(error, waitSecondsOf(response.headers)) : error;
      } finally {
        deadline.end();
      }
    });
  }

  /** A connection that failed may well work the next time. */
  lost(
    { action, what }: Pick<Request, "action" | "what">,
    error: unknown,
    isProgress = false,
  ): PassingFailure {
    return new PassingFailure(
      connectionError(action, what, reasonOf(error), this.settings),
      null,
      isProgress,
    );
  }

  /** The JSON that the Hub answers, and the answer's headers. */
  async json(request: Request): Promise<{ value: unknown; headers: Headers }> {
    return await this.request(request, async (response) => ({
      value: await response.json(),
      headers: response.headers,
    }));
  }

  async post(request: Omit<Request, "method" | "body">, body: unknown): Promise<unknown> {
    const headers = { "Content-Type": "application/json", ...request.headers };
    const { value } = await this.json({ ...request, method: "POST", headers, body: JSON.stringify(body) });
    return value;
  }
}
