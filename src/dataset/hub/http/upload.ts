import type { IncomingMessage } from "node:http";
import { builtin } from "../../../native/builtin.ts";
import type { Deadline } from "./deadline.ts";

/** What a storage says of an upload. */
const answerBytesMax = 1 << 16;

/**
 * Sends a stream whose length is known, and returns the answer with the begin of its body.
 *
 * By `node:http`, for the storage wants a length and memory does not hold 500 MB: `fetch` sends a stream in chunks
 * without one in Deno, and Deno's `openAsBlob` reads the whole file.
 */
export async function sendStream(
  url: URL,
  method: string,
  headers: Headers,
  body: ReadableStream<Uint8Array>,
  deadline: Deadline,
): Promise<Response> {
  const { request } = url.protocol === "https:" ? builtin.https : builtin.http;
  const reader = body.getReader();
  const sent = request(url, { method, headers: Object.fromEntries(headers) });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve);
    sent.on("error", reject);
    // A connection that is closed without an answer is told of as an error, or only so.
    sent.on("close", () => reject(new Error("no answer")));
  });
  try {
    const response = await deadline.race(
      Promise.race([answered, writeAll(sent, reader, deadline).then(() => answered)]),
    );
    return await deadline.race(readAnswer(response, deadline));
  } finally {
    reader.cancel().catch(() => {});
    // Where the answer came first, the rest of the body is not sent.
    if (!sent.writableFinished || deadline.signal.aborted) sent.destroy();
  }
}

async function writeAll(
  sent: ReturnType<typeof builtin.http.request>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  deadline: Deadline,
): Promise<void> {
  while (true) {
    const { done, value } = await reader.read();
    if (sent.destroyed) return;
    if (done) {
      sent.end();
      // All went: for the answer the time begins anew.
      deadline.took(Infinity);
      return deadline.wait();
    }
    deadline.wait();
    if (!sent.write(value)) await new Promise<void>((resolve) => sent.once("drain", resolve));
    deadline.took(value.length);
  }
}

async function readAnswer(response: IncomingMessage, deadline: Deadline): Promise<Response> {
  const { statusCode: status = 0, headers } = response;
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  deadline.took(Infinity);
  deadline.wait();
  for await (const piece of response) {
    deadline.took(piece.length);
    deadline.wait();
    pieces.push(piece.subarray(0, answerBytesMax - length));
    length += pieces.at(-1)!.length;
    if (length === answerBytesMax) break;
  }
  const known = Object.entries(headers).filter(([, value]) => typeof value === "string");
  const body = [204, 205, 304].includes(status) ? null : new Blob(pieces);
  return new Response(body, { status, headers: known as [string, string][] });
}
