/** Files as they are downloaded: the Hub's own answer for a small file, a redirect to the storage for a large one. */
import { readable } from "./accounts.ts";
import { type Answer, empty, HubError, type HubRequest } from "./exchange.ts";
import type { Commit, StoredFile } from "./repository.ts";

/** `GET` and `HEAD /datasets/ID/resolve/REVISION/PATH`. */
export function resolve(request: HubRequest, id: string, revision: string, path: string): Answer {
  const { hub, url } = request;
  const { commit, file } = find(request, id, revision, path);
  if (file.lfs !== undefined) {
    const { oid, size } = file.lfs;
    const link = new URL(`${hub.storage}/${id}/${oid}/${encodePath(path)}`);
    return redirect(302, hub.sign(link), {
      "X-Repo-Commit": commit.id,
      "X-Linked-Size": String(size),
      "X-Linked-ETag": `"${oid}"`,
      "Accept-Ranges": "bytes",
    });
  }
  if (!hub.settings.redirectSmallFiles) return smallAnswer(request, commit, file);
  const cached = `/api/resolve-cache/datasets/${id}/${commit.id}/${encodePath(path)}${url.search}`;
  return redirect(307, cached, { "X-Repo-Commit": commit.id, "ETag": `"${file.blobId}"` });
}

/** `GET` and `HEAD /api/resolve-cache/datasets/ID/COMMIT/PATH`: where a small file is, once its commit is known. */
export function resolveCache(request: HubRequest, id: string, revision: string, path: string): Answer {
  const { commit, file } = find(request, id, revision, path);
  return smallAnswer(request, commit, file);
}

/** `GET` and `HEAD` of an object in the storage. */
export function download(request: HubRequest, id: string, oid: string): Answer {
  const { hub, headers, url } = request;
  // The storage knows signatures and no tokens: a client that sends it a token gives that away.
  if (headers.authorization !== undefined) {
    throw new HubError(400, "InvalidArgument: Only one auth mechanism allowed, got a signature and a token");
  }
  hub.checkSignature(url);
  const content = hub.repositories.get(id)?.objects.get(oid);
  if (content === undefined) throw new HubError(404, "NoSuchKey: The specified key does not exist");
  // The storage's ETag is not the one that the Hub gave: comparing the two is an error of the client.
  return withRange(request, content, { "ETag": `"${oid.slice(0, 32)}"` });
}

/** All of the content, or the range that was asked for. Several ranges are answered by everything, as S3 does. */
export function withRange(request: HubRequest, content: Uint8Array, headers: Record<string, string>): Answer {
  const all = { "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes", ...headers };
  const condition = request.headers["if-range"];
  const match = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (
    match === null || (match[1] === "" && match[2] === "") || (condition ?? headers.ETag) !== headers.ETag
  ) {
    return { status: 200, headers: all, body: content };
  }
  const size = content.length;
  const isSuffix = match[1] === "";
  const start = isSuffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = isSuffix || match[2] === "" ? size : Math.min(size, Number(match[2]) + 1);
  if (start >= size || start >= end) return empty(416, { ...headers, "Content-Range": `bytes */${size}` });
  return {
    status: 206,
    headers: { ...all, "Content-Range": `bytes ${start}-${end - 1}/${size}` },
    body: content.subarray(start, end),
  };
}

function find(
  request: HubRequest,
  id: string,
  revision: string,
  path: string,
): { commit: Commit; file: StoredFile } {
  const commit = readable(request, id).resolve(revision);
  const file = commit.files.get(path);
  if (file !== undefined) return { commit, file };
  throw new HubError(404, "Entry not found", "EntryNotFound", { "X-Repo-Commit": commit.id });
}

function smallAnswer(request: HubRequest, commit: Commit, { content, blobId }: StoredFile): Answer {
  const headers = { "X-Repo-Commit": commit.id, "ETag": `"${blobId}"` };
  if (request.headers["if-none-match"] === headers.ETag) return empty(304, headers);
  return withRange(request, content, headers);
}

function redirect(status: number, location: string, headers: Record<string, string>): Answer {
  const body = new TextEncoder().encode(`Redirecting to ${location}`);
  return {
    status,
    headers: { ...headers, "Content-Type": "text/plain; charset=utf-8", Location: location },
    body,
  };
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
