import type { IncomingMessage } from "node:http";
import { builtin } from "../../builtin.ts";
import { refusalError } from "./failure.ts";
import type { HubRepository } from "./repository.ts";
import { isPassing, PassingFailure, retrying, waitSecondsOf } from "./retry.ts";

/** A run of bytes of a local file, and the signed address that it is put to. */
export interface Sending {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly range: { readonly path: string; readonly start: number; readonly end: number };
  readonly target: string;
  /** Told of the bytes of the range that went. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Puts a run of bytes of a file into the storage, again where the connection fails, and returns the answer's headers.
 *
 * By `node:http`, for the storage wants a length and memory does not hold 500 MB: `fetch` sends a stream in chunks
 * without one in Deno, and Deno's `openAsBlob` reads the whole file.
 */
export async function sendFile(
  repository: HubRepository,
  sending: Sending,
): Promise<IncomingMessage["headers"]> {
  const { client, action } = repository;
  const { settings } = client;
  const request = { action, what: sending.target };
  return await retrying(settings, async () => {
    let answer: Answer;
    try {
      answer = await put(sending, 1000 * settings.retry.timeoutSeconds, settings.signal);
    } catch (error) {
      throw client.lost(request, error);
    }
    const { status, headers } = answer;
    if (status >= 200 && status < 300) return headers;
    const refusal = { status, code: "", message: "", isStorage: true };
    const error = refusalError(action, sending.target, refusal, settings);
    if (!isPassing(status)) throw error;
    const known = Object.entries(headers).filter(([, value]) => typeof value === "string") as [
      string,
      string,
    ][];
    throw new PassingFailure(error, waitSecondsOf(new Headers(known)));
  });
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
}

function put(sending: Sending, timeoutMs: number, signal: AbortSignal | undefined): Promise<Answer> {
  const { url, headers, range: { path, start, end }, onBytes } = sending;
  const { request } = url.startsWith("https:") ? builtin.https : builtin.http;
  return new Promise((resolve, reject) => {
    const body = builtin.fs.createReadStream(path, { start, end: end - 1, highWaterMark: 1 << 18 });
    const sent = request(url, {
      method: "PUT",
      headers: { ...headers, "Content-Length": String(end - start) },
    });
    const abort = () => fail(signal!.reason);
    const fail = (error: unknown) => {
      signal?.removeEventListener("abort", abort);
      clearTimeout(timer);
      body.destroy();
      sent.destroy();
      reject(error);
    };
    let timer: ReturnType<typeof setTimeout>;
    const extend = () => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(new Error(`no byte for ${timeoutMs / 1000} s`)), timeoutMs);
    };
    extend();
    signal?.addEventListener("abort", abort, { once: true });
    sent.on("error", fail);
    // A connection that is closed without an answer is told of as an error, or only so.
    let isAnswered = false;
    sent.on("close", () => isAnswered || fail(new Error("no answer")));
    sent.on("response", (response: IncomingMessage) => {
      isAnswered = true;
      response.on("error", fail);
      response.on("aborted", () => fail(new Error("no whole answer")));
      response.on("end", () => {
        signal?.removeEventListener("abort", abort);
        clearTimeout(timer);
        body.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      });
      response.resume();
    });
    let bytes = 0;
    body.on("error", fail);
    body.on("data", (piece) => {
      extend();
      onBytes(bytes += piece.length);
    });
    body.pipe(sent);
  });
}
