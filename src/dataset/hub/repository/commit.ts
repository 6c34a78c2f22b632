import { Buffer } from "node:buffer";
import { HttpError } from "../http/failure.ts";
import type { HubRepository } from "./repository.ts";

/** A shard that lies at the Hub already, without being in a commit yet, or in a line of the commit itself. */
export interface NewShard {
  readonly id: string;
  readonly byteLength: number;
  readonly rowCount: number;
  readonly memoryBytes: number;
  /** The content of a file that is to be no large one; null for one that was uploaded. */
  readonly content: Uint8Array | null;
}

/** One thing that a commit does, as its line has it. */
export interface Operation {
  readonly key: "file" | "lfsFile" | "deletedFile";
  readonly value: Readonly<Record<string, unknown>>;
}

export function addFile(path: string, content: Uint8Array): Operation {
  return {
    key: "file",
    value: { path, content: Buffer.from(content).toString("base64"), encoding: "base64" },
  };
}

export function addShard(path: string, { id, byteLength, content }: NewShard): Operation {
  if (content !== null) return addFile(path, content);
  return { key: "lfsFile", value: { path, algo: "sha256", oid: id, size: byteLength } };
}

/** Commits on top of `parent`, all or nothing; returns the new commit. Refused with 409 or 412 where the branch moved on. */
export async function sendCommit(
  repository: HubRepository,
  operations: readonly Operation[],
  { branch, parent, summary }: { branch: string; parent: string; summary: string },
): Promise<string> {
  const { client, action } = repository;
  const header = { key: "header", value: { summary, description: "", parentCommit: parent } };
  const what = `the commit to ${branch}`;
  const { value } = await client.json({
    url: repository.api("commit", branch),
    method: "POST",
    headers: { "Content-Type": "application/x-ndjson" },
    body: [header, ...operations].map((line) => `${JSON.stringify(line)}\n`).join(""),
    action,
    what,
  });
  return repository.checkCommit((value as { commitOid?: unknown } | null)?.commitOid, what);
}

/** The commit that a branch is at; the repository and the branch are made where they are not there. */
export async function makeBranch(
  repository: HubRepository,
  branch: string,
  isPrivate: boolean | undefined,
): Promise<string> {
  const commit = await repository.findCommit(branch);
  if (commit !== null && commit !== "no-revision") return commit;
  const { client, id, action } = repository;
  if (commit === null) {
    const [organization, name] = id.split("/");
    const url = `${client.settings.endpoint}/api/repos/create`;
    const body = { type: "dataset", organization, name, private: isPrivate };
    await unlessThere(client.post({ url, action, what: `the new repository ${id}` }, body));
  }
  if (commit === "no-revision" || branch !== "main") {
    const url = repository.api("branch", branch);
    await unlessThere(client.post({ url, action, what: `the new branch ${branch}` }, {}));
  }
  return await repository.commitOf(branch);
}

/** Somebody may have been quicker, or this client itself, whose answer was lost. */
async function unlessThere(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof HttpError && error.answer.status === 409)) throw error;
  }
}
