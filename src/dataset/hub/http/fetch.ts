import { Addresses, type LookUp } from "./addresses.ts";
import { guardedAnswer } from "./body.ts";
import { Deadline } from "./deadline.ts";
import { RefusedAnswer } from "./failure.ts";
import { sendStream } from "./upload.ts";

/** What clients of the Hub take as their `fetch`. */
export type Fetch = typeof fetch;

/** How often an answer may lead elsewhere. */
const redirectsMax = 5;

/** What tells who asks: for those only who were asked by the caller. */
const secrets = ["authorization", "cookie", "proxy-authorization"];
/** What is a matter between this machine and the next, whatever a server wants its upload to have. */
const ofConnections = ["connection", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/**
 * A `fetch` for the Hub, through which every request to it and to where it leads goes. It asks http and https only, never
 * http where https led to it, and no private address unless the Hub has one; follows few redirects, on which what tells
 * who asks goes to no other origin; and gives answers that end: none is silent, drips, or goes on for ever.
 *
 * A stream as a body is sent with the length that `Content-Length` says.
 *
 * @param endpoint The Hub's address.
 * @param timeoutSeconds After so many seconds without a byte, or with hardly any, a request fails.
 * @param port What asks, and what looks up names: tests have their own.
 */
export function hubFetch(
  endpoint: string,
  timeoutSeconds: number,
  port: { readonly send?: Fetch; readonly lookUp?: LookUp } = {},
): Fetch {
  const addresses = new Addresses(endpoint, port.lookUp);
  const ask = async (url: URL, init: RequestInit, headers: Headers): Promise<Response> => {
    const { method = "GET", body, signal } = init;
    const deadline = new Deadline(timeoutSeconds, signal);
    try {
      deadline.wait();
      const isStream = body instanceof ReadableStream && headers.has("Content-Length");
      const send = port.send ?? fetch;
      const answer = isStream ? await sendStream(url, method, headers, body, deadline) : await deadline.race(
        send(url.href, { ...init, method, headers, redirect: "manual", signal: deadline.signal }),
      );
      deadline.took(Infinity);
      return guardedAnswer(answer, url, headers.get("Range"), deadline);
    } catch (error) {
      deadline.end();
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    }
  };
  return async (input: string | URL | Request, given: RequestInit = {}): Promise<Response> => {
    const init: RequestInit = input instanceof Request ? { ...partsOf(input), ...given } : { ...given };
    const { redirect = "follow" } = init;
    const headers = new Headers(init.headers);
    for (const name of ofConnections) headers.delete(name);
    let url = new URL(input instanceof Request ? input.url : input);
    let before: URL | null = null;
    for (let count = 0;; count++) {
      await addresses.check(url, before);
      const answer = await ask(url, init, headers);
      const location = isRedirect(answer.status) ? answer.headers.get("Location") : null;
      if (location === null || redirect === "manual") return answer;
      await answer.body?.cancel();
      if (redirect === "error" || count === redirectsMax || init.body instanceof ReadableStream) {
        const allowed = redirect === "follow" && count === redirectsMax ? redirectsMax : 0;
        throw new RefusedAnswer(`must come by at most ${allowed} redirects`, "more");
      }
      before = url;
      url = targetOf(location, before);
      if (url.origin !== before.origin) { for (const name of secrets) headers.delete(name); }
      if (becomesGet(answer.status, init.method)) {
        init.method = "GET";
        init.body = undefined;
        for (const name of ["content-type", "content-length", "content-encoding"]) headers.delete(name);
      }
    }
  };
}

function partsOf({ method, headers, body, signal, redirect }: Request): RequestInit {
  return { method, headers, body, signal, redirect };
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function targetOf(location: string, from: URL): URL {
  const url = URL.parse(location, from.href);
  if (url === null) throw new RefusedAnswer("must lead to an address", "something else");
  return url;
}

function becomesGet(status: number, method: string = "GET"): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}
