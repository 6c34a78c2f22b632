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
export function sendStream(
  url: URL,
  method: string,
  headers: Headers,
  body: ReadableStream<Uint8Array>,
  deadline: Deadline,
): Promise<Response> {
  const { request } = url.protocol === "https:" ? builtin.https : builtin.http;
  const reader = body.getReader();
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: Object.fromEntries(headers) });
    const abort = () => end(() => reject(deadline.signal.reason));
    const fail = (error: unknown) => end(() => reject(error));
    let isOver = false;
    const end = (settle: () => void) => {
      if (isOver) return;
      isOver = true;
      deadline.signal.removeEventListener("abort", abort);
      reader.cancel().catch(() => {});
      // Where the answer came first, the rest of the body is not sent.
      if (!sent.writableFinished) sent.destroy();
      settle();
    };
    if (deadline.signal.aborted) return abort();
    deadline.signal.addEventListener("abort", abort, { once: true });
    sent.on("error", fail);
    // A connection that is closed without an answer is told of as an error, or only so.
    let isAnswered = false;
    sent.on("close", () => isAnswered || fail(new Error("no answer")));
    sent.on("response", (response: IncomingMessage) => {
      isAnswered = true;
      readAnswer(response, deadline, () => isOver).then((answer) => end(() => resolve(answer)), fail);
    });
    writeAll(sent, reader, deadline, () => isOver).catch(fail);
  });
}

async function writeAll(
  sent: ReturnType<typeof builtin.http.request>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  deadline: Deadline,
  isOver: () => boolean,
): Promise<void> {
  while (true) {
    const { done, value } = await reader.read();
    if (isOver()) return;
    if (done) {
      sent.end();
      // All went: for the answer the time begins anew.
      deadline.took(Infinity);
      deadline.wait();
      return;
    }
    deadline.wait();
    if (!sent.write(value)) await new Promise<void>((resolve) => sent.once("drain", resolve));
    deadline.took(value.length);
  }
}

function readAnswer(response: IncomingMessage, deadline: Deadline, isOver: () => boolean): Promise<Response> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  deadline.took(Infinity);
  deadline.wait();
  return new Promise((resolve, reject) => {
    const finish = () => {
      if (isOver()) return;
      const { statusCode: status = 0, headers } = response;
      const known = Object.entries(headers).filter(([, value]) => typeof value === "string");
      const body = [204, 205, 304].includes(status) ? null : new Blob(pieces as Uint8Array<ArrayBuffer>[]);
      resolve(new Response(body, { status, headers: known as [string, string][] }));
    };
    response.on("error", reject);
    response.on("aborted", () => reject(new Error("no whole answer")));
    response.on("end", finish);
    response.on("data", (piece: Uint8Array) => {
      deadline.took(piece.length);
      deadline.wait();
      pieces.push(piece.subarray(0, answerBytesMax - length));
      length += pieces.at(-1)!.length;
      if (length < answerBytesMax) return;
      finish();
      response.destroy();
    });
  });
}
