/** Plain requests to the Hub for tests, for the tests of itself. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { request } from "node:http";
import { type Hub, startHub } from "./server.ts";
import type { HubSettings } from "./state.ts";

export const large = new Uint8Array(5000).map((_, index) => (index * 7) % 251);
export const files = { "README.md": "# Name\n", "data/train-00000.parquet": large };
export const largePath = "/datasets/user/name/resolve/main/data/train-00000.parquet";

export async function withHub(
  run: (hub: Hub) => Promise<void>,
  settings: Partial<HubSettings> = {},
): Promise<void> {
  const hub = await startHub(settings);
  try {
    await run(hub);
  } finally {
    await hub.close();
  }
}

/** A request with the token of the owner, unless it is another or "". */
export async function call(
  hub: Hub,
  path: string,
  options: RequestInit & { token?: string } = {},
): Promise<Response> {
  const { token = hub.token, ...rest } = options;
  const headers = new Headers(rest.headers);
  if (token !== "") headers.set("Authorization", `Bearer ${token}`);
  return await fetch(path.startsWith("http") ? path : hub.endpoint + path, {
    redirect: "manual",
    ...rest,
    headers,
  });
}

export async function post(hub: Hub, path: string, body: unknown) {
  const headers = { "Content-Type": "application/json" };
  const response = await call(hub, path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, value: await response.json() };
}

/** A commit of these operations; every one is [key, value]. */
export async function commit(
  hub: Hub,
  operations: [string, unknown][],
  header: Record<string, unknown> = {},
) {
  const lines = [["header", { summary: "Test", description: "", ...header }], ...operations];
  const response = await call(hub, "/api/datasets/user/name/commit/main", {
    method: "POST",
    headers: { "Content-Type": "application/x-ndjson" },
    body: lines.map(([key, value]) => `${JSON.stringify({ key, value })}\n`).join(""),
  });
  return { status: response.status, value: await response.json() };
}

/** A `PUT` without `Content-Length`, as streams are sent; its status. */
export function putInChunks(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "PUT" }, (answer) => resolve(answer.resume().statusCode));
    sent.on("error", reject);
    sent.write(large.subarray(0, 1000));
    sent.end(large.subarray(1000));
  });
}

/** These keys' values, of every item. */
export function pluck(items: Record<string, unknown>[], ...keys: string[]): unknown[][] {
  return items.map((item) => keys.map((key) => item[key]));
}

export const base64 = (text: string) => Buffer.from(text).toString("base64");
export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
export const newFile = (path: string, text: string): [string, unknown] => [
  "file",
  { path, content: base64(text), encoding: "base64" },
];
