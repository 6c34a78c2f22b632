/** `POST /api/datasets/ID/commit/REVISION`: lines of JSON, a header and then operations, all or nothing. */
import { writable } from "./accounts.ts";
import { frontMatterProblem, isLarge } from "./attributes.ts";
import { type Answer, decodeBase64, HubError, type HubRequest, json } from "./exchange.ts";
import { type Commit, largeFile, type Repository, smallFile, type StoredFile } from "./repository.ts";

type Value = Record<string, unknown>;

export function commit(request: HubRequest, id: string, branch: string): Answer {
  const repository = writable(request, id);
  const { headers, url, hub, account } = request;
  if (!headers["content-type"]?.startsWith("application/x-ndjson")) {
    throw new HubError(400, `Expected application/x-ndjson, got ${headers["content-type"]}`);
  }
  if (url.searchParams.has("create_pr")) throw new HubError(400, "Pull requests are not supported here");
  const tip = repository.resolve(branch);
  if (!repository.branches.has(branch)) throw new HubError(400, `${branch} is not a branch`);
  const [{ key, value: header }, ...operations] = readLines(request.body);
  if (key !== "header" || typeof header.summary !== "string" || header.summary === "") {
    throw new HubError(400, "The first line must be a header with a summary");
  }
  checkParent(repository, tip, header.parentCommit);
  const files = new Map(tip.files);
  for (const { key, value } of operations) apply(repository, tip, files, key, value);
  const made = repository.add(branch, {
    title: header.summary,
    message: typeof header.description === "string" ? header.description : "",
    author: account?.name,
    files,
  });
  const commitUrl = `${hub.endpoint}/datasets/${id}/commit/${made.id}`;
  return json({ success: true, commitUrl, commitOid: made.id, hookOutput: "" });
}

/** A parent that is no longer the tip is a conflict; one that never was a commit here is the client's error. */
function checkParent(repository: Repository, tip: Commit, parent: unknown): void {
  if (parent === undefined || parent === tip.id) return;
  if (typeof parent !== "string" || !repository.commits.has(parent)) {
    throw new HubError(400, `parentCommit ${parent} is no commit of ${repository.id}`);
  }
  throw new HubError(412, "A commit has happened since. Please refresh and try again.");
}

function apply(
  repository: Repository,
  tip: Commit,
  files: Map<string, StoredFile>,
  key: string,
  value: Value,
): void {
  const path = checkPath(value.path);
  switch (key) {
    case "file":
      files.set(path, newSmallFile(tip, path, value));
      return;
    case "lfsFile":
      files.set(path, newLargeFile(repository, path, value));
      return;
    case "deletedFile":
      if (files.delete(path)) return;
      throw new HubError(404, `Cannot delete ${path}: it does not exist`, "EntryNotFound");
    case "deletedFolder": {
      const prefix = `${path.replace(/\/$/, "")}/`;
      const inside = [...files.keys()].filter((name) => name.startsWith(prefix));
      if (inside.length === 0) {
        throw new HubError(404, `Cannot delete ${path}: it does not exist`, "EntryNotFound");
      }
      for (const name of inside) files.delete(name);
      return;
    }
    default:
      throw new HubError(400, `Unknown operation: ${key}`);
  }
}

function newSmallFile(tip: Commit, path: string, { content, encoding }: Value): StoredFile {
  const bytes = encoding === "base64"
    ? decodeBase64(content)
    : typeof content === "string"
    ? new TextEncoder().encode(content)
    : undefined;
  if (bytes === undefined) throw new HubError(400, `The content of ${path} is not ${encoding ?? "text"}`);
  if (isLarge(tip, path, bytes.length, bytes.subarray(0, 512))) {
    throw new HubError(400, `${path} is a large file: upload it by LFS first`);
  }
  const problem = path === "README.md" ? frontMatterProblem(new TextDecoder().decode(bytes)) : undefined;
  if (problem !== undefined) throw new HubError(400, `Invalid metadata in README.md: ${problem}`);
  return smallFile(bytes);
}

function newLargeFile(repository: Repository, path: string, { algo, oid, size }: Value): StoredFile {
  if (algo !== "sha256") throw new HubError(400, `Only sha256 is supported, got ${algo}`);
  const content = repository.objects.get(String(oid));
  if (content === undefined) {
    throw new HubError(400, `LFS pointer pointed to a file that does not exist: ${oid} of ${path}`);
  }
  // Python leaves the size out when it copies a file.
  if (size !== undefined && size !== content.length) {
    throw new HubError(400, `${path} has ${content.length} bytes, not ${size}`);
  }
  return largeFile(content, String(oid));
}

function readLines(body: Uint8Array): { key: string; value: Value }[] {
  const lines = new TextDecoder().decode(body).split("\n").filter((line) => line !== "");
  const parsed = lines.map((line, index) => {
    try {
      const { key, value } = JSON.parse(line);
      if (typeof key === "string" && typeof value === "object" && value !== null) return { key, value };
    } catch {
      // Answered below.
    }
    throw new HubError(400, `Line ${index + 1} must be {"key": …, "value": {…}}`);
  });
  if (parsed.length === 0) throw new HubError(400, "The first line must be a header with a summary");
  return parsed;
}

function checkPath(path: unknown): string {
  const parts = typeof path === "string" ? path.replace(/\/$/, "").split("/") : [];
  if (parts.length === 0 || parts.some((part) => ["", ".", "..", ".git"].includes(part))) {
    throw new HubError(400, `Invalid path: ${path}`);
  }
  return path as string;
}
