import { builtin } from "../../../native/builtin.ts";
import { StreamStoreError } from "../../../error.ts";
import type { Client, Request } from "./client.ts";
import { clean } from "./failure.ts";
import { planRequests, type Range, Semaphore, withinBytes } from "./ranges.ts";
import { RetryableError, retrying } from "./retry.ts";
import type { ByteSource } from "../../files/byte_source.ts";
import type { ListedFile } from "../types.ts";

/** Requests of one file at the same time. */
const requestsPerFile = 4;
/** What one read may want: more does not fit into memory, whatever a file says of its own size. */
const sliceBytesMax = 2 ** 31;
/** What is held of what was foreseen; the rest is asked for when it is wanted. */
const prefetchBytesMax = 2 ** 30;
/** What must have come for a try to count as none. */
const progressBytes = 1 << 16;

interface Block extends Range {
  readonly bytes: Promise<Uint8Array<ArrayBuffer>>;
}

/** Where the redirect of a file led, one for all that read it; null where nobody has asked yet. */
interface Link {
  location: Promise<string> | null;
}

/** A file at the Hub, read by ranges from where the Hub's redirect leads. */
export class HubFile implements ByteSource {
  readonly path: string;
  readonly byteLength: number;
  readonly #semaphore = new Semaphore(requestsPerFile);
  readonly #closed = new AbortController();
  readonly #client: Client;
  #blocks: readonly Block[] = [];
  #receivedBytes = 0;

  constructor(
    private readonly outer: Client,
    private readonly action: string,
    private readonly file: ListedFile & { readonly url: string },
    private readonly link: Link = { location: null },
  ) {
    this.#client = outer.until(this.#closed.signal);
    this.path = file.path;
    this.byteLength = file.byteLength;
  }

  /** Whole, and compared with the hash that the listing has. */
  async readAll(): Promise<Uint8Array<ArrayBuffer>> {
    return await this.#read({ start: 0, end: this.byteLength });
  }

  /** The same file, to be read again after this one was closed. */
  reopen(): HubFile {
    return new HubFile(this.outer, this.action, this.file, this.link);
  }

  /**
   * Reads ranges that will be asked for next: near ones in one request, several requests at a time. `slice` then answers
   * from them. Whatever was prefetched before is forgotten.
   */
  prefetch(ranges: readonly Range[]): void {
    // What is there whole is there already.
    if (this.#blocks.some(({ start, end }) => start === 0 && end === this.byteLength)) return;
    const inside = ranges.filter(({ start, end }) => start >= 0 && end <= this.byteLength);
    this.#blocks = planRequests(withinBytes(inside, prefetchBytesMax)).map((range) => this.#block(range));
  }

  async slice(start: number, end: number = this.byteLength): Promise<ArrayBuffer> {
    if (!(start >= 0 && start <= end && end <= this.byteLength)) {
      throw new RangeError(
        `Cannot read ${this.path}: bytes ${start} to ${end} must lie within the file, which has ${this.byteLength}`,
      );
    }
    if (end - start > sliceBytesMax) {
      throw new StreamStoreError(
        "file-too-large",
        `Cannot ${this.action}: what is read of ${this.path} at a time must have at most ${sliceBytesMax} bytes, got ${
          end - start
        }`,
      );
    }
    const inside = this.#blocks.filter((block) => block.start < end && start < block.end);
    const isCovered = inside.length > 0 && inside[0].start <= start && inside.at(-1)!.end >= end &&
      inside.every((block, i) => i === 0 || block.start === inside[i - 1].end);
    if (!isCovered) {
      // A file that was read whole is kept: its metadata was asked for, and its rows will be.
      const block = this.#block({ start, end });
      if (start === 0 && end === this.byteLength) this.#blocks = [block];
      return (await block.bytes).slice().buffer;
    }
    const result = new Uint8Array(end - start);
    for (const block of inside) {
      const from = Math.max(start, block.start);
      const bytes = (await block.bytes).subarray(from - block.start, Math.min(end, block.end) - block.start);
      result.set(bytes, from - start);
    }
    return result.buffer;
  }

  /** Ends what is under way, and frees what is held. */
  close(): void {
    this.#blocks = [];
    this.#closed.abort(
      new StreamStoreError("closed", `Cannot ${this.action}: ${this.path} must be open, but it was closed`),
    );
  }

  #block(range: Range): Block {
    const bytes = this.#semaphore.run(() => this.#read(range));
    // Whoever asks for the bytes gets the error; that nobody asks is no failure of the program.
    bytes.catch(() => {});
    return { ...range, bytes };
  }

  async #read({ start, end }: Range): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(end - start);
    let done = 0;
    const { settings } = this.#client;
    await retrying(settings, async () => {
      const before = done;
      try {
        // No bytes, no request: a server has no answer to the range of an empty file.
        if (end > start) {
          await this.#receive(start + before, end, (piece) => {
            bytes.set(piece, done);
            done += piece.length;
            this.#receivedBytes += piece.length;
            const { path, byteLength } = this;
            settings.onProgress({ kind: "download", path, bytes: this.#receivedBytes, byteLength });
          });
        }
      } catch (error) {
        // Less than that, a byte a try, would never come to an end.
        throw this.#client.failure(this.#request(), error, done - before >= progressBytes);
      }
      const hash = start === 0 && end === this.byteLength ? this.#hash(bytes) : this.file.id;
      if (hash === this.file.id) return;
      done = 0;
      throw this.#damaged(`the hash ${this.file.id}`, hash);
    });
    return bytes;
  }

  /** Receives bytes until all are there; throws where the connection ends before. */
  async #receive(start: number, end: number, take: (piece: Uint8Array) => void): Promise<void> {
    const response = await this.#openRange(start, end);
    // A server may answer a range with the whole file: what comes before is passed over.
    let skip = response.status === 200 ? start : 0;
    let left = end - start;
    for await (const all of response.body ?? []) {
      const piece = all.subarray(Math.min(skip, all.length));
      skip -= all.length - piece.length;
      if (piece.length > 0) take(piece.subarray(0, left));
      left -= Math.min(left, piece.length);
      if (left === 0) break;
    }
    if (left > 0) throw new Error(`the answer ended ${left} bytes before its end`);
  }

  /** The answer to a request for a range; the link to the storage is renewed where it has expired. */
  async #openRange(start: number, end: number): Promise<Response> {
    const headers = { "Range": `bytes=${start}-${end - 1}`, "Accept-Encoding": "identity" };
    for (let isRenewed = false;; isRenewed = true) {
      const { response, isKnown } = await this.#ask({ ...this.#request(), headers });
      const { status } = response;
      if ((status === 206 || status === 200) && this.#hasSize(response, start)) return response;
      if (response.ok) {
        await response.body?.cancel();
        throw this.#damaged(
          `the size ${this.byteLength}`,
          response.headers.get("Content-Range") ?? "another",
        );
      }
      const isStorage = !this.#client.isHub(response.url);
      if (!isStorage || ![400, 401, 403].includes(status) || !isKnown || isRenewed) {
        throw await this.#client.httpError({ ...this.#request(), isStorage }, response);
      }
      await response.body?.cancel();
      this.link.location = null;
    }
  }

  /** Whoever asks first is led by the Hub to where the file lies; all others wait for that, and ask there. */
  async #ask(request: Request): Promise<{ response: Response; isKnown: boolean }> {
    const { link } = this;
    if (link.location !== null) {
      // A link to the storage is asked for anew where it has moved.
      const there = { ...request, url: await link.location, redirect: "manual" as const };
      return { response: await this.#client.open(there), isKnown: true };
    }
    const opening = this.#client.open(request);
    const location = opening.then(({ ok, status, url }) => {
      if (ok) return url;
      throw new Error(`${status} for another part of it`);
    });
    location.catch(() => {
      if (link.location === location) link.location = null;
    });
    link.location = location;
    return { response: await opening, isKnown: false };
  }

  #hasSize({ status, headers }: Response, start: number): boolean {
    if (status !== 206) return Number(headers.get("Content-Length") ?? this.byteLength) === this.byteLength;
    const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("Content-Range") ?? "");
    return match !== null && Number(match[1]) === start &&
      (match[2] === "*" || Number(match[2]) === this.byteLength);
  }

  #hash(bytes: Uint8Array): string {
    return this.file.isLarge
      ? builtin.crypto.createHash("sha256").update(bytes).digest("hex")
      : gitHash(bytes);
  }

  #damaged(what: string, got: string): RetryableError {
    const message = `Cannot ${this.action}: ${this.path} must have ${what}, got ${got}`;
    return new RetryableError(new StreamStoreError("damaged", clean(message, this.#client.settings)));
  }

  #request(): Request {
    return { url: this.file.url, action: this.action, what: this.path };
  }
}

/** The SHA-1 by which git knows a file. */
export function gitHash(content: Uint8Array): string {
  return builtin.crypto.createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}
