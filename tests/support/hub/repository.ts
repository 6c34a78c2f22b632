/** A dataset repository in memory: commits, each with all of its files, branches and tags, and the large objects. */
import { createHash } from "node:crypto";
import { defaultAttributes, isLarge } from "./attributes.ts";
import { HubError } from "./exchange.ts";

/** A file of a commit. What git itself holds of a large file is a pointer, and `blobId` is the pointer's. */
export interface StoredFile {
  readonly content: Uint8Array;
  readonly blobId: string;
  readonly lfs?: { readonly oid: string; readonly size: number; readonly pointerSize: number };
}

export interface Commit {
  readonly id: string;
  readonly parent: string | undefined;
  readonly title: string;
  readonly message: string;
  readonly author: string;
  readonly date: string;
  readonly files: ReadonlyMap<string, StoredFile>;
}

/** Files by path, for `write`; `null` deletes. */
export type NewFiles = Readonly<Record<string, string | Uint8Array | null>>;

export class Repository {
  /** Every commit, oldest first, by its ID. */
  readonly commits = new Map<string, Commit>();
  readonly branches = new Map<string, string>();
  readonly tags = new Map<string, string>();
  /** Large objects by the SHA-256 of their content: uploaded, whether or not a commit names them. */
  readonly objects = new Map<string, Uint8Array>();

  constructor(readonly id: string, readonly isPrivate: boolean) {
    const attributes = smallFile(new TextEncoder().encode(defaultAttributes));
    this.add("main", { title: "initial commit", files: new Map([[".gitattributes", attributes]]) });
  }

  /** What a branch, a tag or a whole commit ID stands for. */
  resolve(revision = "main"): Commit {
    const id = this.branches.get(revision) ?? this.tags.get(revision) ?? revision;
    const commit = this.commits.get(id);
    if (commit === undefined) throw new HubError(404, `Invalid rev id: ${revision}`, "RevisionNotFound");
    return commit;
  }

  /** The same, or the one commit whose ID begins so. */
  resolveBegin(revision: string): Commit {
    const found = [...this.commits.values()].filter(({ id }) => id.startsWith(revision));
    const isBegin = /^[0-9a-f]{4,}$/.test(revision) && found.length === 1;
    return isBegin && !this.branches.has(revision) && !this.tags.has(revision)
      ? found[0]
      : this.resolve(revision);
  }

  get head(): Commit {
    return this.resolve();
  }

  /** The branch's next commit, with these files and no others. */
  add(
    branch: string,
    change: { title: string; files: ReadonlyMap<string, StoredFile>; message?: string; author?: string },
  ): Commit {
    const { title, files, message = "", author = this.id.split("/")[0] } = change;
    const parent = this.branches.get(branch);
    const date = new Date().toISOString();
    // The number of commits, because two commits of one millisecond may hold the same.
    const id = sha1(JSON.stringify([parent, this.commits.size, title, date, [...files.keys()]]));
    const commit = { id, parent, title, message, author, date, files };
    this.commits.set(id, commit);
    this.branches.set(branch, id);
    return commit;
  }

  /** Commits as another user would, for tests. */
  write(files: NewFiles, title = "Someone else's commit", branch = "main"): Commit {
    const tip = this.resolve(branch);
    const next = new Map(tip.files);
    for (const [path, content] of Object.entries(files)) {
      if (content === null) next.delete(path);
      else if (typeof content === "string") {
        next.set(path, this.store(tip, path, new TextEncoder().encode(content)));
      } else next.set(path, this.store(tip, path, content));
    }
    return this.add(branch, { title, files: next });
  }

  /** A file's content, for tests. */
  read(path: string, revision?: string): Uint8Array {
    const file = this.resolve(revision).files.get(path);
    if (file === undefined) throw new Error(`Cannot find ${path} in ${this.id}`);
    return file.content;
  }

  readText(path: string, revision?: string): string {
    return new TextDecoder().decode(this.read(path, revision));
  }

  /** The paths of all files, sorted. */
  paths(revision?: string): string[] {
    return [...this.resolve(revision).files.keys()].sort();
  }

  /** The newest commit, from `commit` backwards, in which the object under `path` became what it is. */
  lastChange(commit: Commit, path: string): Commit {
    const now = objectId(commit, path);
    for (let changed = commit;;) {
      const parent = this.commits.get(changed.parent ?? "");
      if (parent === undefined || objectId(parent, path) !== now) return changed;
      changed = parent;
    }
  }

  private store(tip: Commit, path: string, content: Uint8Array): StoredFile {
    if (!isLarge(tip, path, content.length, content.subarray(0, 512))) return smallFile(content);
    const file = largeFile(content);
    this.objects.set(file.lfs!.oid, content);
    return file;
  }
}

export function smallFile(content: Uint8Array): StoredFile {
  return { content, blobId: gitBlobId(content) };
}

/** `oid` saves hashing where it has been checked. */
export function largeFile(
  content: Uint8Array,
  oid: string = createHash("sha256").update(content).digest("hex"),
): StoredFile {
  const size = content.length;
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
  const bytes = new TextEncoder().encode(pointer);
  return { content, blobId: gitBlobId(bytes), lfs: { oid, size, pointerSize: bytes.length } };
}

/** The ID of the file or folder under a path. A folder's is made from what lies in it, as git's is, not equal to git's. */
export function objectId({ files }: Commit, path: string): string | undefined {
  const file = files.get(path);
  if (file !== undefined) return file.blobId;
  const inside = [...files].filter(([name]) => name.startsWith(`${path}/`));
  if (inside.length === 0) return undefined;
  return sha1(JSON.stringify(inside.map(([name, { blobId }]) => [name, blobId]).sort()));
}

function gitBlobId(content: Uint8Array): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
