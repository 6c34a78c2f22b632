/** A Hub that means harm, for tests of what becomes of it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { StreamStore } from "../../../mod.ts";

export const commit = "0123456789abcdef0123456789abcdef01234567";
export const retry = { attempts: 2, pauseSeconds: 0.001, timeoutSeconds: 0.5 };

export type Reply = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** What is answered instead of what an honest Hub would, by a part of the path; "storage" is all that is no API. */
export interface Tricks {
  readonly revision?: Reply;
  readonly tree?: Reply;
  readonly readme?: Reply;
  readonly data?: Reply;
  readonly upload?: Reply;
}

export interface Dataset {
  readonly path?: string;
  readonly content?: Uint8Array;
  /** What the list says of the size. */
  readonly byteLength?: number;
  readonly readme?: string;
  readonly readmeLength?: number;
}

export const gitHash = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** A Hub with one dataset, whose answers are those of the tricks where there are some; and what it was asked. */
export async function withHub(
  { path = "data/train-00000-of-00001.parquet", content = new Uint8Array(10), readme = "# Name", ...said }:
    Dataset,
  tricks: Tricks,
  run: (endpoint: string, sent: { requests: string[] }) => Promise<void>,
): Promise<void> {
  const sent = { requests: [] as string[] };
  const text = new TextEncoder().encode(readme);
  const list = [
    { type: "file", path: "README.md", size: said.readmeLength ?? text.length, oid: gitHash(text) },
    { type: "file", path, size: said.byteLength ?? content.length, oid: gitHash(content) },
  ];
  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://127.0.0.1");
    sent.requests.push(`${request.method} ${url.pathname}`);
    request.resume();
    const parts: [RegExp, Reply | undefined, () => void][] = [
      [/\/revision\//, tricks.revision, () => answerJson(response, { sha: commit })],
      [/\/tree\//, tricks.tree, () => answerJson(response, list)],
      [/README\.md$/, tricks.readme, () => answerBytes(request, response, text)],
      [/\/resolve\//, tricks.data, () => answerBytes(request, response, content)],
      [/./, tricks.upload, () => response.writeHead(404).end()],
    ];
    const [, trick, honest] = parts.find(([pattern]) => pattern.test(url.pathname))!;
    trick === undefined ? honest() : trick(request, response, url);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}

export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}

export function answerBytes({ headers }: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
  const match = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "");
  if (match === null) return void response.end(bytes);
  const part = bytes.subarray(Number(match[1]), Number(match[2]) + 1);
  const range = `bytes ${match[1]}-${Number(match[1]) + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { "Content-Range": range, "Content-Length": part.length }).end(part);
}

/** Sends pieces for as long as they are taken. */
export function flood(response: ServerResponse, piece: string | Uint8Array, begin = ""): void {
  response.write(begin);
  const write = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once("drain", write);
  };
  response.on("error", () => {});
  write();
}

export const flooded = (status: number, piece: string, begin = ""): Reply => (_, response) => {
  response.writeHead(status, { "Content-Type": "application/json" });
  flood(response, piece, begin);
};

export const redirected = (location: string): Reply => (_, response) =>
  void response.writeHead(302, { location }).end();

/** The error of a load of everything; it comes soon, and without much memory. */
export async function failure(
  endpoint: string,
  options: { secondsMax?: number; bytesMax?: number } = {},
): Promise<Error> {
  const { secondsMax = 40, bytesMax = 400_000_000 } = options;
  using store = new StreamStore({ reward: 0 });
  const [start, before] = [performance.now(), process.memoryUsage().rss];
  let most = before;
  const watch = setInterval(() => most = Math.max(most, process.memoryUsage().rss), 20);
  try {
    await store.loadDataset("user/name", "train", { endpoint, token: "hf_secret", retry });
  } catch (error) {
    assert.equal(store.rowCount, 0);
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds < secondsMax, `${seconds} s`);
    assert.ok(most - before < bytesMax, `${most - before} bytes`);
    return error as Error;
  } finally {
    clearInterval(watch);
  }
  throw new Error("what a hostile Hub gave was loaded");
}

export async function fails(
  dataset: Dataset,
  tricks: Tricks,
  message: RegExp,
  options: { bytesMax?: number } = {},
): Promise<void> {
  await withHub(dataset, tricks, async (endpoint) => {
    const error = await failure(endpoint, options);
    assert.match(error.message, message);
    assert.equal((error as { code?: string }).code, "input-output", error.message);
  });
}
