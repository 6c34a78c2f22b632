/** Repositories and branches made and removed, and who is asking. */
import { readable, requireWrite, writable } from "./accounts.ts";
import { type Answer, HubError, type HubRequest, json, jsonBody } from "./exchange.ts";

/** `POST /api/repos/create`. The 409 of a repository that is there has the URL that clients need for `exist_ok`. */
export function createRepository(request: HubRequest): Answer {
  const { id, body } = named(request);
  const { hub } = request;
  const url = `${hub.endpoint}/datasets/${id}`;
  if (hub.repositories.has(id)) return json({ error: "You already created this dataset repo", url }, 409);
  const isPrivate = body.private === true || body.visibility === "private";
  hub.createRepository(id, { private: isPrivate });
  return json({ url, name: id, id });
}

/** `DELETE /api/repos/delete`. */
export function deleteRepository(request: HubRequest): Answer {
  const { id } = named(request);
  writable(request, id);
  request.hub.repositories.delete(id);
  return json({ success: true });
}

/** `GET /api/whoami-v2`. */
export function whoAmI({ account }: HubRequest): Answer {
  if (account === undefined) throw new HubError(401, "Invalid username or password.");
  const { name, role, organizations } = account;
  return json({
    type: "user",
    name,
    fullname: name,
    orgs: organizations.map((organization) => ({ type: "org", name: organization })),
    auth: { type: "access_token", accessToken: { displayName: "test", role } },
  });
}

/** `GET /api/datasets/ID/auth-check`. */
export function authCheck(request: HubRequest, id: string): Answer {
  readable(request, id);
  return json({ success: true });
}

/** `POST /api/datasets/ID/branch/NAME`. */
export function createBranch(request: HubRequest, id: string, name: string): Answer {
  const repository = writable(request, id);
  const { startingPoint } = request.body.length === 0 ? {} : jsonBody(request);
  if (repository.branches.has(name)) throw new HubError(409, `Reference already exists: refs/heads/${name}`);
  repository.branches.set(name, repository.resolve(startingPoint as string | undefined).id);
  return json({ success: true });
}

/** `DELETE /api/datasets/ID/branch/NAME`. */
export function deleteBranch(request: HubRequest, id: string, name: string): Answer {
  const repository = writable(request, id);
  if (name === "main") throw new HubError(403, "Cannot delete branch main: it is protected");
  if (!repository.branches.delete(name)) {
    throw new HubError(404, `Invalid rev id: ${name}`, "RevisionNotFound");
  }
  return json({ success: true });
}

/** `POST /api/datasets/ID/tag/REVISION`. */
export function createTag(request: HubRequest, id: string, revision: string): Answer {
  const repository = writable(request, id);
  const { tag } = jsonBody(request);
  if (typeof tag !== "string" || tag === "") throw new HubError(400, '"tag" must be a name');
  if (repository.tags.has(tag)) throw new HubError(409, `Tag reference exists already: ${tag}`);
  repository.tags.set(tag, repository.resolve(revision).id);
  return json({ success: true });
}

/** The repository that a body names: `organization/name`, or the caller's own `name`. */
function named(request: HubRequest): { id: string; body: Record<string, unknown> } {
  const body = jsonBody(request);
  if (body.type !== "dataset") throw new HubError(400, `Only datasets are supported here, got ${body.type}`);
  if (typeof body.name !== "string") throw new HubError(400, '"name" must be a string');
  const [namespace, name] = body.name.includes("/") ? body.name.split("/") : [body.organization, body.name];
  const owner = typeof namespace === "string" ? namespace : undefined;
  const account = requireWrite(request, owner);
  return { id: `${owner ?? account.name}/${name}`, body };
}
