/** Which path is answered by what. */
import { preupload, validateYaml } from "./attributes.ts";
import { commit } from "./commit.ts";
import { type Answer, type Host, HubError, type HubRequest } from "./exchange.ts";
import { batch, completeParts, putObject, putPart, verify } from "./lfs.ts";
import { commits, info, pathsInfo, refs, tree } from "./listing.ts";
import {
  authCheck,
  createBranch,
  createRepository,
  createTag,
  deleteBranch,
  deleteRepository,
  whoAmI,
} from "./manage.ts";
import { download, resolve, resolveCache } from "./resolve.ts";

/** The captures of the path are the arguments after the request. */
type Handler = (request: HubRequest, ...captures: string[]) => Answer;

// ID is two segments, NAME is one, in which a slash is written %2F, and PATH is the rest, in which it may be either.
const patterns: [host: Host, method: string, path: string, handler: Handler][] = [
  ["hub", "POST", "/api/repos/create", createRepository],
  ["hub", "DELETE", "/api/repos/delete", deleteRepository],
  ["hub", "GET", "/api/whoami-v2", whoAmI],
  ["hub", "POST", "/api/validate-yaml", validateYaml],
  ["hub", "GET", "/api/datasets/ID", info],
  ["hub", "GET", "/api/datasets/ID/revision/NAME", info],
  ["hub", "GET", "/api/datasets/ID/tree/NAME", tree],
  ["hub", "GET", "/api/datasets/ID/tree/NAME/PATH", tree],
  ["hub", "POST", "/api/datasets/ID/paths-info/NAME", pathsInfo],
  ["hub", "GET", "/api/datasets/ID/refs", refs],
  ["hub", "GET", "/api/datasets/ID/commits/NAME", commits],
  ["hub", "GET", "/api/datasets/ID/auth-check", authCheck],
  ["hub", "POST", "/api/datasets/ID/branch/NAME", createBranch],
  ["hub", "DELETE", "/api/datasets/ID/branch/NAME", deleteBranch],
  ["hub", "POST", "/api/datasets/ID/tag/NAME", createTag],
  ["hub", "POST", "/api/datasets/ID/preupload/NAME", preupload],
  ["hub", "POST", "/api/datasets/ID/commit/NAME", commit],
  ["hub", "GET", "/datasets/ID/resolve/NAME/PATH", resolve],
  ["hub", "GET", "/api/resolve-cache/datasets/ID/NAME/PATH", resolveCache],
  ["hub", "POST", "/datasets/ID.git/info/lfs/objects/batch", batch],
  ["hub", "POST", "/datasets/ID.git/info/lfs/objects/verify", verify],
  ["hub", "POST", "/api/complete-multipart/ID/NAME/NAME", completeParts],
  ["storage", "PUT", "/upload/ID/NAME/NAME", putObject],
  ["storage", "PUT", "/part/ID/NAME/NAME/NAME", putPart],
  ["storage", "GET", "/ID/NAME/PATH", download],
];

const routes = patterns.map(([host, method, path, handler]) => {
  const source = path.replace(/[.]/g, "\\.").replace("ID", "([^/]+/[^/]+?)").replace(/NAME/g, "([^/]+)")
    .replace("PATH", "(.+)");
  return { host, method, pattern: new RegExp(`^${source}$`), handler };
});

/** The answer of the handler. `HEAD` is answered as `GET`; the server leaves the body out. */
export function handle(host: Host, request: HubRequest): Answer {
  const method = request.method === "HEAD" ? "GET" : request.method;
  for (const route of routes) {
    const match = route.host === host && route.method === method && route.pattern.exec(request.url.pathname);
    if (match) return route.handler(request, ...match.slice(1).map(decodeURIComponent));
  }
  throw new HubError(
    404,
    `Cannot ${request.method} ${request.url.pathname}: the test server does not know it`,
  );
}
