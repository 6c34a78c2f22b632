/** A request as the handlers see it, and an answer as they give it: what is on the wire is server.ts's business. */
import { Buffer } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { Account } from "./accounts.ts";
import type { HubState } from "./state.ts";

/** The Hub's two origins. Large files lie in a storage of another origin, where no token may be sent. */
export type Host = "hub" | "storage";

/** One request, all of whose body has come in. */
export interface HubRequest {
  readonly hub: HubState;
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** Whose token the request carries. */
  readonly account: Account | undefined;
}

/** What goes back. The server adds `Content-Length`. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Thrown by a handler: an answer with the Hub's JSON body and its two headers, by which its clients tell errors apart. */
export class HubError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  answer(): Answer {
    const headers: Record<string, string> = { ...this.headers, "X-Error-Message": this.message };
    if (this.code !== undefined) headers["X-Error-Code"] = this.code;
    return json({ error: this.message }, this.status, headers);
  }
}

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { "Content-Type": "application/json; charset=utf-8", ...headers },
    body: new TextEncoder().encode(JSON.stringify(value)),
  };
}

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers, body: new Uint8Array() };
}

/** The body as a JSON object; anything else is answered 400. */
export function jsonBody({ body }: HubRequest): Record<string, unknown> {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Answered below.
  }
  throw new HubError(400, "The body must be a JSON object");
}

/** A list of objects under one key of a JSON body. */
export function objectList(body: Record<string, unknown>, key: string): Record<string, unknown>[] {
  const list = body[key];
  if (!Array.isArray(list) || list.some((item) => typeof item !== "object" || item === null)) {
    throw new HubError(400, `"${key}" must be a list of objects`);
  }
  return list;
}

/** What a base64 text stands for; `undefined` for a text that is none, where `Buffer` would skip the bad characters. */
export function decodeBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== "string" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    return undefined;
  }
  return new Uint8Array(Buffer.from(text, "base64"));
}

export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
