import type { Deadline } from "./deadline.ts";
import { RefusedAnswer } from "./failure.ts";

/** What is said of a failure. More is no help to anyone. */
const errorBytesMax = 1 << 16;
/** An answer of the API is held in memory whole: the list of a repository's files has some 300 KB a page. */
const answerBytesMax = 64_000_000;

/** The answer with a body that ends, whatever the server sends: none is silent, drips, or goes on for ever. */
export function guardedAnswer(
  answer: Response,
  url: URL,
  range: string | null,
  deadline: Deadline,
): Response {
  const { body, status, statusText, headers } = answer;
  if (body === null) {
    deadline.end();
    return answer;
  }
  const { bytes, isCut } = limitOf(answer, range);
  if (!isCut && Number(headers.get("Content-Length")) > bytes) {
    deadline.end();
    void body.cancel().catch(() => {});
    throw tooLong(bytes, headers.get("Content-Length")!);
  }
  const guarded = new Response(guardedBody(body, bytes, isCut, deadline), { status, statusText, headers });
  return Object.defineProperty(guarded, "url", { value: url.href });
}

/** How long a body may be, and whether it just ends there. */
function limitOf({ ok, status }: Response, range: string | null): { bytes: number; isCut: boolean } {
  if (!ok) return { bytes: errorBytesMax, isCut: true };
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
  if (match === null) return { bytes: answerBytesMax, isCut: false };
  if (match[2] === "") return { bytes: Infinity, isCut: true };
  // A server may answer a range with the whole file, whose rest nobody wants.
  return { bytes: Number(match[2]) + 1 - (status === 206 ? Number(match[1]) : 0), isCut: true };
}

function guardedBody(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
  isCut: boolean,
  deadline: Deadline,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let left = bytesMax;
  const end = async () => {
    deadline.end();
    await reader.cancel().catch(() => {});
  };
  return new ReadableStream({
    async pull(controller) {
      deadline.wait();
      try {
        const { done, value } = await deadline.race(reader.read());
        deadline.took(value?.length ?? 0);
        if (done) {
          deadline.end();
          return controller.close();
        }
        if (value.length > left && !isCut) throw tooLong(bytesMax, "more");
        if (left > 0) controller.enqueue(value.subarray(0, left));
        left -= Math.min(left, value.length);
        if (left > 0 || !isCut) return;
        await end();
        controller.close();
      } catch (error) {
        await end();
        controller.error(deadline.signal.aborted ? deadline.signal.reason : error);
      }
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

function tooLong(bytes: number, got: string): RefusedAnswer {
  return new RefusedAnswer(`must have at most ${bytes} bytes`, got);
}
