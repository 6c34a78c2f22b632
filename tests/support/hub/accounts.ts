/** Who may do what: tokens, and the answers that the Hub gives to those who may not. */
import type { IncomingHttpHeaders } from "node:http";
import { HubError, type HubRequest } from "./exchange.ts";
import type { Repository } from "./repository.ts";

export interface Account {
  readonly name: string;
  readonly role: "write" | "read";
  readonly organizations: readonly string[];
}

export class Accounts {
  /** By token. */
  readonly tokens = new Map<string, Account>();

  add(token: string, name: string, role: Account["role"], organizations: readonly string[] = []): string {
    this.tokens.set(token, { name, role, organizations });
    return token;
  }

  /** The account whose token the headers carry. An unknown token is refused even where none is needed. */
  identify({ authorization }: IncomingHttpHeaders): Account | undefined {
    if (authorization === undefined) return undefined;
    const account = this.tokens.get(authorization.replace(/^Bearer /, ""));
    if (account === undefined) throw new HubError(401, "Invalid credentials in Authorization header");
    return account;
  }
}

/** The repository `id`, if the request may see it; one that it may not see does not exist for it. */
export function readable({ hub, account }: HubRequest, id: string): Repository {
  const repository = hub.repositories.get(id);
  if (repository !== undefined && (!repository.isPrivate || belongs(repository.id, account))) {
    return repository;
  }
  if (account === undefined) throw new HubError(401, "Invalid username or password.", "RepoNotFound");
  throw new HubError(404, "Repository not found", "RepoNotFound");
}

/** The repository `id`, if the request may change it. */
export function writable(request: HubRequest, id: string): Repository {
  const repository = readable(request, id);
  requireWrite(request, repository.id.split("/")[0]);
  return repository;
}

/** The account of the request, if it may write to the namespace: a user's or an organization's name. */
export function requireWrite({ account }: HubRequest, namespace?: string): Account {
  if (account === undefined) throw new HubError(401, "Invalid username or password.");
  if (account.role !== "write" || (namespace !== undefined && !belongs(namespace, account))) {
    throw new HubError(
      403,
      `Forbidden: you need a token that may write to ${
        namespace ?? account.name
      }, this one is ${account.name}'s`,
    );
  }
  return account;
}

function belongs(id: string, account: Account | undefined): boolean {
  const [namespace] = id.split("/");
  return account?.name === namespace || (account?.organizations.includes(namespace) ?? false);
}
