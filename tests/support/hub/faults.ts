/** What goes wrong on purpose: for the next requests that match, in the order in which the faults were added. */
import type { Answer, Host } from "./exchange.ts";

/** Which requests. A fault that says nothing here meets all of them. */
export interface FaultMatch {
  readonly method?: string;
  readonly host?: Host;
  /** A part of the decoded path, or a pattern for it. In the storage it ends with the file's path in the repository. */
  readonly path?: string | RegExp;
  /** How many requests: 1 unless it says otherwise. */
  readonly times?: number;
  /** How many matching requests go through before that. */
  readonly skip?: number;
}

/** What happens to them. Several at once are possible, such as a conflict and then a lost answer. */
export interface Fault extends FaultMatch {
  readonly delayMilliseconds?: number;
  /** Runs before the request is handled: commit something else here, and the request meets a conflict. */
  readonly before?: () => unknown;
  /** Answers this instead of handling the request; with `handled`, after having handled it. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly handled?: boolean;
  /** Closes the connection without an answer: before the request is handled, or after. */
  readonly drop?: "request" | "answer";
  /** Handles the request as if it had no `Range`. */
  readonly ignoreRange?: boolean;
  /** Flips the bits of one byte of the body. */
  readonly corruptAt?: number;
  /** Shortens the body, and `Content-Length` with it. */
  readonly truncateTo?: number;
  /** Closes the connection after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Sends so many bytes of the body, and then nothing for as long as the server runs. */
  readonly stallAfter?: number;
}

/** A fault that was added, and how often it is yet to happen. */
export interface PlannedFault {
  readonly fault: Fault;
  skipsLeft: number;
  timesLeft: number;
}

export class Faults {
  private planned: PlannedFault[] = [];

  /** Adds a fault: `add({ path: "/resolve/", status: 429, headers: { "Retry-After": "1" } })`. */
  add(fault: Fault): PlannedFault {
    const added = { fault, skipsLeft: fault.skip ?? 0, timesLeft: fault.times ?? 1 };
    this.planned.push(added);
    return added;
  }

  /** Those that are yet to happen. A test that ends with some has not tested what it meant to. */
  get pending(): readonly Fault[] {
    return this.planned.map(({ fault }) => fault);
  }

  clear(): void {
    this.planned = [];
  }

  /** The fault that this request meets: the first that matches and has no more to let through. */
  take(request: { method: string; host: Host; path: string }): Fault | undefined {
    for (const planned of this.planned) {
      if (!matches(planned.fault, request)) continue;
      if (planned.skipsLeft > 0) {
        planned.skipsLeft--;
        continue;
      }
      planned.timesLeft--;
      if (planned.timesLeft <= 0) this.planned = this.planned.filter((other) => other !== planned);
      return planned.fault;
    }
    return undefined;
  }
}

/** Whether a request is one of those: for faults, and for finding requests in the log. */
export function matches(
  { method, host, path }: FaultMatch,
  request: { method: string; host: Host; path: string },
): boolean {
  return (method === undefined || method === request.method) &&
    (host === undefined || host === request.host) &&
    (path === undefined ||
      (typeof path === "string" ? request.path.includes(path) : path.test(request.path)));
}

/** The answer with the fault's damage to its body. */
export function damage(answer: Answer, { corruptAt, truncateTo }: Fault): Answer {
  let { body } = answer;
  if (truncateTo !== undefined) body = body.subarray(0, truncateTo);
  if (corruptAt !== undefined && corruptAt < body.length) {
    // A copy: the original is what the repository holds.
    body = body.slice();
    body[corruptAt] ^= 0xff;
  }
  return { ...answer, body };
}
