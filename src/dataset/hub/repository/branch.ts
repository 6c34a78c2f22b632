import type { HubRepository } from "./repository.ts";
import { RefusalError } from "../http/failure.ts";

/** The commit that a branch is at; the repository and the branch are made where they are not there. */
export async function makeBranch(
  repository: HubRepository,
  branch: string,
  isPrivate: boolean | undefined,
): Promise<string> {
  const commit = await repository.findCommit(branch);
  if (commit === null) await createRepository(repository, isPrivate);
  else if (commit !== "no-revision") return commit;
  if (commit === "no-revision" || branch !== "main") await createBranch(repository, branch);
  return await repository.commitOf(branch);
}

async function createRepository(
  { client, id, action }: HubRepository,
  isPrivate: boolean | undefined,
): Promise<void> {
  const [organization, name] = id.split("/");
  const visibility = isPrivate === undefined ? {} : { private: isPrivate };
  const url = `${client.settings.endpoint}/api/repos/create`;
  const body = { type: "dataset", organization, name, ...visibility };
  await unlessThere(client.post({ url, action, what: `the new repository ${id}` }, body));
}

async function createBranch(repository: HubRepository, branch: string): Promise<void> {
  const { client, action } = repository;
  const url = repository.api("branch", branch);
  await unlessThere(client.post({ url, action, what: `the new branch ${branch}` }, {}));
}

/** Somebody may have been quicker, or this client itself, whose answer was lost. */
async function unlessThere(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof RefusalError && error.refusal.status === 409)) throw error;
  }
}
