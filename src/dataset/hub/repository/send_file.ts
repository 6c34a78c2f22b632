import { builtin } from "../../../native/builtin.ts";
import { readRefusal, refusalError } from "../http/failure.ts";
import type { HubRepository } from "./repository.ts";
import { isPassing, PassingFailure, retrying, waitSecondsOf } from "../http/retry.ts";

/** A run of bytes of a local file, and the signed address that it is put to. */
export interface Sending {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly range: { readonly path: string; readonly start: number; readonly end: number };
  readonly target: string;
  /** Told of the bytes of the range that went. */
  readonly onBytes: (bytes: number) => void;
}

/** Puts a run of bytes of a file into the storage, again where the connection fails, and returns the answer's headers. */
export async function sendFile(repository: HubRepository, sending: Sending): Promise<Headers> {
  const { client, action } = repository;
  const { settings } = client;
  const { url, headers, range, target } = sending;
  const request = { action, what: target };
  return await retrying(settings, async () => {
    try {
      const response = await client.open({
        ...request,
        url,
        method: "PUT",
        headers: { ...headers, "Content-Length": String(range.end - range.start) },
        body: streamOf(sending),
        withToken: false,
        redirect: "manual",
      });
      const refusal = { ...await readRefusal(response), message: "", isStorage: true };
      if (response.ok) return response.headers;
      const error = refusalError(action, target, refusal, settings);
      throw isPassing(response.status) ? new PassingFailure(error, waitSecondsOf(response.headers)) : error;
    } catch (error) {
      throw client.lost(request, error);
    }
  });
}

/** The file is opened when it is read: a request that is refused before leaves it alone, and it may be gone then. */
function streamOf({ range: { path, start, end }, onBytes }: Sending): ReadableStream<Uint8Array> {
  let pieces: AsyncIterator<Uint8Array> | null = null;
  let bytes = 0;
  return new ReadableStream({
    async pull(controller) {
      pieces ??= builtin.fs.createReadStream(path, { start, end: end - 1, highWaterMark: 1 << 18 })
        [Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      const { done, value } = await pieces.next();
      if (done) return controller.close();
      controller.enqueue(value);
      onBytes(bytes += value.length);
    },
    cancel: async () => void await pieces?.return?.(),
  }, { highWaterMark: 0 });
}
