/** What is there: repositories, their files, folders, branches, tags and commits. */
import { Buffer } from "node:buffer";
import { readable } from "./accounts.ts";
import { type Answer, HubError, type HubRequest, json, jsonBody } from "./exchange.ts";
import { type Commit, objectId, type Repository } from "./repository.ts";

/** `GET /api/datasets/ID` and `/api/datasets/ID/revision/REVISION`. */
export function info(request: HubRequest, id: string, revision?: string): Answer {
  const repository = readable(request, id);
  const { shortCommits } = request.hub.settings;
  const commit = shortCommits && revision !== undefined
    ? repository.resolveBegin(revision)
    : repository.resolve(revision);
  const expand = request.url.searchParams.getAll("expand");
  if (expand.length > 0) return json(expanded(repository, commit, expand));
  const withBlobs = isTrue(request.url.searchParams.get("blobs"));
  const siblings = [...commit.files].sort(byPath).map(([rfilename, { content, blobId, lfs }]) =>
    withBlobs
      ? {
        rfilename,
        blobId,
        size: content.length,
        lfs: lfs && { sha256: lfs.oid, size: lfs.size, pointerSize: lfs.pointerSize },
      }
      : { rfilename }
  );
  const [author] = id.split("/");
  return json({
    _id: repository.head.id.slice(0, 24),
    id,
    author,
    sha: commit.id,
    createdAt: [...repository.commits.values()][0].date,
    lastModified: commit.date,
    private: repository.isPrivate,
    gated: false,
    disabled: false,
    downloads: 0,
    likes: 0,
    tags: [],
    cardData: {},
    siblings,
  });
}

/** Only the properties that are asked for. */
function expanded(repository: Repository, commit: Commit, properties: readonly string[]): unknown {
  const known: Record<string, unknown> = {
    sha: commit.id,
    lastModified: commit.date,
    private: repository.isPrivate,
    siblings: [...commit.files].sort(byPath).map(([rfilename]) => ({ rfilename })),
  };
  const unknown = properties.find((property) => !Object.hasOwn(known, property));
  if (unknown !== undefined) throw new HubError(400, `"expand" must not be ${unknown} here`);
  const chosen = properties.map((property) => [property, known[property]]);
  return { _id: repository.head.id.slice(0, 24), id: repository.id, ...Object.fromEntries(chosen) };
}

/** `GET /api/datasets/ID/tree/REVISION[/PATH]`: files and folders, a page at a time. */
export function tree(request: HubRequest, id: string, revision: string, path = ""): Answer {
  const repository = readable(request, id);
  const { hub, url } = request;
  const isRecursive = isTrue(url.searchParams.get("recursive"));
  const expand = isTrue(url.searchParams.get("expand"));
  const cursor = url.searchParams.get("cursor");
  // A cursor stays with the commit that the first page was of, so that no commit in between tears the listing.
  const [pinned, start] = cursor === null ? [revision, 0] : readCursor(cursor);
  const commit = repository.resolve(pinned);
  const prefix = path === "" ? "" : `${path.replace(/\/$/, "")}/`;
  const entries = entriesUnder(commit, prefix, isRecursive);
  if (entries.length === 0 && prefix !== "") {
    throw new HubError(404, `${path} does not exist on "${revision}"`, "EntryNotFound");
  }
  const limit = Math.min(Number(url.searchParams.get("limit") ?? Infinity), hub.settings.pageSize);
  if (!(limit >= 1)) {
    throw new HubError(400, `"limit" must be 1 or more, got ${url.searchParams.get("limit")}`);
  }
  const headers: Record<string, string> = {};
  if (start + limit < entries.length) {
    const next = new URL(url.pathname + url.search, hub.endpoint);
    next.searchParams.set("cursor", Buffer.from(`${commit.id}:${start + limit}`).toString("base64url"));
    headers.Link = `<${next.href}>; rel="next"`;
  }
  const page = entries.slice(start, start + limit);
  return json(page.map((entry) => describe(repository, commit, entry, expand)), 200, headers);
}

/** `POST /api/datasets/ID/paths-info/REVISION`: those of the named paths that are there. Forms and JSON are understood. */
export function pathsInfo(request: HubRequest, id: string, revision: string): Answer {
  const repository = readable(request, id);
  const commit = repository.resolve(revision);
  let paths: unknown, expand: boolean;
  if (request.headers["content-type"]?.startsWith("application/json")) {
    const body = jsonBody(request);
    paths = body.paths;
    expand = body.expand === true;
  } else {
    const form = new URLSearchParams(new TextDecoder().decode(request.body));
    paths = form.getAll("paths");
    expand = isTrue(form.get("expand"));
  }
  if (!Array.isArray(paths)) throw new HubError(400, '"paths" must be a list');
  if (paths.length > 1000) throw new HubError(413, "too many parameters");
  const present = [...new Set<string>(paths)].filter((path) => objectId(commit, path) !== undefined);
  return json(present.map((path) => describe(repository, commit, path, expand)));
}

/** `GET /api/datasets/ID/refs`. */
export function refs(request: HubRequest, id: string): Answer {
  const { branches, tags } = readable(request, id);
  const list = (folder: string, entries: Map<string, string>) =>
    [...entries].map(([name, targetCommit]) => ({ name, ref: `refs/${folder}/${name}`, targetCommit }));
  return json({
    branches: list("heads", branches),
    tags: list("tags", tags),
    converts: [],
    pullRequests: [],
  });
}

/** `GET /api/datasets/ID/commits/REVISION`, newest first. */
export function commits(request: HubRequest, id: string, revision: string): Answer {
  const repository = readable(request, id);
  const { hub, url } = request;
  const history: unknown[] = [];
  let next: Commit | undefined = repository.resolve(revision);
  while (next !== undefined) {
    const { id, title, message, date, author, parent } = next;
    history.push({ id, title, message, date, authors: [{ user: author }] });
    next = repository.commits.get(parent ?? "");
  }
  // Pages by their number, from 0.
  const page = Number(url.searchParams.get("p") ?? 0);
  const { pageSize } = hub.settings;
  const headers: Record<string, string> = {};
  if ((page + 1) * pageSize < history.length) {
    const following = new URL(url.pathname + url.search, hub.endpoint);
    following.searchParams.set("p", String(page + 1));
    headers.Link = `<${following.href}>; rel="next"`;
  }
  return json(history.slice(page * pageSize, (page + 1) * pageSize), 200, headers);
}

/** The paths of files and folders under a prefix, in git's order. */
function entriesUnder({ files }: Commit, prefix: string, isRecursive: boolean): string[] {
  const found = new Set<string>();
  for (const path of files.keys()) {
    if (!path.startsWith(prefix)) continue;
    const parts = path.slice(prefix.length).split("/");
    const depth = isRecursive ? parts.length : 1;
    for (let end = 1; end <= depth; end++) found.add(prefix + parts.slice(0, end).join("/"));
  }
  return [...found].sort();
}

function describe(repository: Repository, commit: Commit, path: string, expand: boolean): unknown {
  const file = commit.files.get(path);
  const oid = objectId(commit, path);
  const entry = file === undefined
    ? { type: "directory", oid, size: 0, path }
    : { type: "file", oid, size: file.content.length, path, lfs: file.lfs };
  if (!expand) return entry;
  const { id, title, date } = repository.lastChange(commit, path);
  return { ...entry, lastCommit: { id, title, date } };
}

function readCursor(cursor: string): [string, number] {
  const [commit, start] = Buffer.from(cursor, "base64url").toString().split(":");
  if (!/^\d+$/.test(start ?? "")) throw new HubError(400, "Invalid cursor");
  return [commit, Number(start)];
}

/** Python says True, JavaScript says true. */
function isTrue(text: string | null): boolean {
  return text === "1" || text?.toLowerCase() === "true";
}

function byPath([left]: [string, unknown], [right]: [string, unknown]): number {
  return left < right ? -1 : 1;
}
