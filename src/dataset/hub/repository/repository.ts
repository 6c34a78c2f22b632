/**
 * The Hub's protocol stands here by hand, and not by `@huggingface/hub`, which was measured (2.17.5, of September 2026)
 * against the fake Hub of the tests, all its requests through our `fetch`:
 *
 * - `commit` tries nothing again: a 429 or 503 of the Hub, a 503 or a lost connection of the storage, an expired link
 *   (403) or a lost answer each end the push. It asks for no `verify`, and follows a signal without its reason.
 * - Upload and commit are one call: all shards of a push would lie on the disk at once (here one, of 500 MB at most), and
 *   each conflict with another commit would hash all of them anew. There is no upload without the commit.
 * - The message of a refusal by the storage has the signed address in it.
 * - `listFiles` sends the token to whatever origin a `Link` names, knows no signal, and no revision with a slash.
 * - Tokens must begin with `hf_`. In Bun a file is uploaded as 0 bytes, unless its body is made a stream as it is here.
 * - A file of 300 MB: 2.8 s in Bun and 1.7 s in Deno, here 1.3 and 1.4 s, both within 90 MB of memory; by Xet 4.3 and
 *   3.5 s, and 610 and 240 MB.
 * - 12 MB on the disk in five packages that are not pinned, and 23 ms to load in Bun instead of 10 ms.
 *
 * It would take the place of `commit.ts` and `lfs.ts` and of a part of this, and want an adapter for retries, streams
 * and errors. Uploads by LFS are what the Hub takes from all clients that do not offer Xet.
 */
import { type ErrorCode, StreamStoreError } from "../../../error.ts";
import { describe } from "../../../fields.ts";
import { isHubName } from "../../dataset_name.ts";
import { Client } from "../http/client.ts";
import { clean, HttpError } from "../http/failure.ts";
import { HubFile } from "../http/remote_file.ts";
import type { Settings } from "../settings.ts";
import type { ListedFile } from "../types.ts";

/** Two million files: the Hub has a thousand a page, and wants repositories to have a hundred thousand. */
const pagesMax = 2000;
const listBytesMax = 400_000_000;
const textBytesMax = 50_000_000;

/** A dataset repository, seen by one client. */
export class HubRepository {
  readonly client: Client;

  /** @param action Completes "Cannot …" in errors: `load user/name`. */
  constructor(readonly id: string, settings: Settings, readonly action: string) {
    if (!isHubName(id)) {
      throw new TypeError(`Cannot ${action}: a repository is named user/name, got ${describe(id)}`);
    }
    this.client = new Client(settings);
  }

  /** An address below the repository's own in the API. */
  api(...segments: string[]): string {
    const { endpoint } = this.client.settings;
    return [`${endpoint}/api/datasets/${this.id}`, ...segments.map(encodeURIComponent)].join("/");
  }

  /** The repository's own address, with which those of its files begin. */
  get url(): string {
    return `${this.client.settings.endpoint}/datasets/${this.id}`;
  }

  /** The commit that a branch, a tag or a commit's ID, or the begin of one, stands for. */
  async commitOf(revision: string): Promise<string> {
    const what = `the revision ${revision} of ${this.id}`;
    const url = new URL(this.api("revision", revision));
    // Without it the Hub tells all files of the commit.
    url.searchParams.set("expand", "sha");
    const { value } = await this.client.json({ url: url.href, action: this.action, what });
    return this.checkCommit((value as { sha?: unknown } | null)?.sha, what);
  }

  /**
   * The same for what is read: where a mirror of the Hub knows commits by their whole IDs only, the begin of one is looked
   * up in the branches' histories, as the Hub does it itself.
   */
  async commitToRead(revision: string): Promise<string> {
    const what = `the revision ${revision} of ${this.id}`;
    try {
      return await this.commitOf(revision);
    } catch (error) {
      const isUnknown = error instanceof HttpError && error.answer.code === "RevisionNotFound";
      if (!isUnknown || !/^[0-9a-f]{4,39}$/.test(revision)) throw error;
      const found = await this.#commitsFrom(revision);
      if (found.size === 1) return [...found][0];
      if (found.size === 0) throw error;
      throw this.refuse(
        "not-found",
        `${what} must be the begin of one commit, got ${found.size} of which it is`,
      );
    }
  }

  /** The commits of all branches whose IDs begin so. */
  async #commitsFrom(begin: string): Promise<Set<string>> {
    const what = `the commits of ${this.id}`;
    const { value } = await this.client.json({ url: this.api("refs"), action: this.action, what });
    const branches: unknown = (value as { branches?: unknown } | null)?.branches;
    if (!Array.isArray(branches)) throw this.notUnderstood(what);
    const found = new Set<string>();
    for (const branch of branches) {
      if (typeof branch?.name !== "string") throw this.notUnderstood(what);
      for await (const commit of this.#entries(new URL(this.api("commits", branch.name)), what)) {
        const id = this.checkCommit(commit?.id, what);
        if (id.startsWith(begin)) found.add(id);
      }
    }
    return found;
  }

  /** A commit's ID as an answer has it. */
  checkCommit(id: unknown, what: string): string {
    if (typeof id === "string" && /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(id)) return id;
    throw this.notUnderstood(what);
  }

  /** The same, or null where the Hub knows no such repository, or this one but not the revision. */
  async findCommit(revision: string): Promise<string | "no-revision" | null> {
    try {
      return await this.commitOf(revision);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const { code } = error.answer;
      if (code === "RepoNotFound" && error.answer.status === 404) return null;
      if (code === "RevisionNotFound") return "no-revision";
      throw error;
    }
  }

  /** All files of a commit, page by page. */
  async list(commit: string): Promise<ListedFile[]> {
    const first = new URL(this.api("tree", commit));
    first.searchParams.set("recursive", "true");
    const what = `the list of files of ${this.id}`;
    const files: ListedFile[] = [];
    for await (const entry of this.#entries(first, what)) {
      if (entry?.type === "file") files.push(this.#readEntry(entry, what));
    }
    return files;
  }

  /** The entries of a list that comes in pages. */
  async *#entries(first: URL, what: string): AsyncGenerator<Record<string, unknown> | null> {
    let [pageCount, left] = [0, listBytesMax];
    for (let url: URL | null = first; url !== null;) {
      const { value, headers, length } = await this.client.json({ url: url.href, action: this.action, what });
      if (!Array.isArray(value)) throw this.notUnderstood(what);
      left -= length;
      if (++pageCount > pagesMax || left < 0) {
        const bound = `${pagesMax} pages and ${listBytesMax} bytes`;
        throw this.refuse("input-output", `${what} must have at most ${bound}, got more`);
      }
      yield* value;
      url = nextPage(first, headers.get("Link"));
    }
  }

  #readEntry({ path, size, oid, lfs }: Record<string, unknown>, what: string): ListedFile {
    const sha256 = (lfs as { oid?: unknown } | null | undefined)?.oid ?? null;
    const isHash = (hash: unknown) => typeof hash === "string" && /^[0-9a-f]{40,64}$/.test(hash);
    if (
      typeof path !== "string" || !Number.isSafeInteger(size) || (size as number) < 0 || !isHash(oid) ||
      !(sha256 === null || isHash(sha256))
    ) throw this.notUnderstood(what);
    if (!isPath(path)) {
      throw this.refuse(
        "input-output",
        `${what} must have paths below the repository, got ${describe(path)}`,
      );
    }
    return { path, byteLength: size as number, id: (sha256 ?? oid) as string, isLarge: sha256 !== null };
  }

  /** A listed file, to be read at that commit. */
  file(commit: string, listed: ListedFile): HubFile {
    const path = listed.path.split("/").map(encodeURIComponent).join("/");
    return new HubFile(this.client, this.action, {
      ...listed,
      url: `${this.url}/resolve/${encodeURIComponent(commit)}/${path}`,
    });
  }

  /** A small text file; null where there is none. */
  async readText(commit: string, files: readonly ListedFile[], path: string): Promise<string | null> {
    const listed = files.find((file) => file.path === path);
    if (listed === undefined) return null;
    // A README is written by people; one of this size is none, and would be held in memory whole.
    if (listed.byteLength > textBytesMax) {
      throw this.refuse(
        "file-too-large",
        `${path} must have at most ${textBytesMax} bytes, got ${listed.byteLength}`,
      );
    }
    return new TextDecoder().decode(await this.file(commit, listed).readAll());
  }

  notUnderstood(what: string): StreamStoreError {
    return this.refuse(
      "input-output",
      `${this.client.settings.endpoint} must say ${what}, got something else`,
    );
  }

  /** The error that says what must be, and was not. */
  refuse(code: ErrorCode, what: string, options?: ErrorOptions): StreamStoreError {
    return new StreamStoreError(code, clean(`Cannot ${this.action}: ${what}`, this.client.settings), options);
  }
}

/** As git allows them, and none that leads out of the repository or is longer than systems take. */
function isPath(path: string): boolean {
  return path.length <= 4096 && path.isWellFormed() && !path.includes("\0") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/**
 * The address of a listing's next page. Only the query is taken from the link: a mirror of the Hub hands out links to
 * the Hub itself, where the token is not to go.
 */
function nextPage(first: URL, link: string | null): URL | null {
  const match = /<([^<>]*)>\s*;\s*rel="?next"?/.exec(link ?? "");
  const target = match === null ? null : URL.parse(match[1], first.href);
  if (target === null) return null;
  const next = new URL(first);
  next.search = target.search;
  return next;
}
