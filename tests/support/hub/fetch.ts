/** What tests of the way to the Hub share: a `fetch` that is answered by a table, and servers and bodies that mean harm. */
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Fetch, hubFetch } from "../../../src/dataset/hub/http/fetch.ts";

export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A `fetch` that is answered by a table, and what it was asked; names of `lookUp` stand for addresses. */
export function fakeFetch(
  endpoint: string,
  answers: Record<string, () => Response>,
  names: Record<string, string[]> = {},
): { ask: Fetch; sent: Sent[] } {
  const sent: Sent[] = [];
  const send = ((url: string, { method = "GET", headers, body }: RequestInit) => {
    sent.push({ url, method, headers: new Headers(headers), body });
    const answer = answers[url];
    return answer === undefined
      ? Promise.reject(new Error(`nobody asked for ${url}`))
      : Promise.resolve(answer());
  }) as Fetch;
  const lookUp = (name: string) => Promise.resolve(names[name] ?? ["93.184.216.34"]);
  return { ask: hubFetch(endpoint, 5, { send, lookUp }), sent };
}

export const to = (location: string, status = 302) => () =>
  new Response("over there", { status, headers: { location } });
export const fine = () => new Response("fine");

export async function isRefused(asking: Promise<Response>, message: RegExp): Promise<void> {
  await assert.rejects(asking, (error: Error) => {
    assert.equal(error.constructor.name, "RefusedAnswer", String(error));
    assert.match(error.message, message);
    return true;
  });
}

/** A server of the machine, and a `fetch` for it as a Hub. */
export async function withServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  run: (endpoint: string) => Promise<void>,
): Promise<void> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}
