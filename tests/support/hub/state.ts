/** What the server knows: its repositories, accounts and settings. Tests reach it as the value of `startHub`. */
import { createHmac, randomBytes } from "node:crypto";
import { Accounts } from "./accounts.ts";
import { HubError } from "./exchange.ts";
import { type NewFiles, Repository } from "./repository.ts";

/** What a test may set, at the start or later. */
export interface HubSettings {
  /** Entries on a page of a listing. The real Hub has 1000, and 50 with `expand`. */
  pageSize: number;
  /** Objects above this size are uploaded in parts, if the client knows how. */
  multipartBytes: number;
  /** The size of a part. */
  partBytes: number;
  /** Whether small files are answered by a relative 307 first, as the real Hub does since 2025. */
  redirectSmallFiles: boolean;
  /**
   * Whether `/revision/` knows a commit by the begin of its ID, as the real Hub does (huggingface_hub#197). Listings and
   * files are asked for by whole IDs: of them nobody says so.
   */
  shortCommits: boolean;
}

const defaults: HubSettings = {
  pageSize: 1000,
  multipartBytes: 5_000_000_000,
  partBytes: 5_000_000,
  redirectSmallFiles: false,
  shortCommits: true,
};

export class HubState {
  readonly repositories = new Map<string, Repository>();
  readonly accounts = new Accounts();
  readonly settings: HubSettings;
  /** `http://127.0.0.1:PORT`, what goes into HF_ENDPOINT. */
  endpoint = "";
  /** The other origin, where large files lie. */
  storage = "";
  private secret = randomBytes(16);

  constructor(settings: Partial<HubSettings> = {}) {
    this.settings = { ...defaults, ...settings };
  }

  /** Makes a repository; like the real one it starts with a commit that holds `.gitattributes`. */
  createRepository(id: string, options: { private?: boolean; files?: NewFiles } = {}): Repository {
    if (!/^[\w.-]+\/[\w.-]+$/.test(id)) throw new HubError(400, `Invalid repository name: ${id}`);
    if (this.repositories.has(id)) throw new HubError(409, "You already created this dataset repo");
    const repository = new Repository(id, options.private ?? false);
    this.repositories.set(id, repository);
    if (options.files !== undefined) repository.write(options.files, "Add files");
    return repository;
  }

  /** The repository of that name; for tests, which know that it is there. */
  repository(id: string): Repository {
    const repository = this.repositories.get(id);
    if (repository === undefined) throw new Error(`Cannot find repository ${id}`);
    return repository;
  }

  /** `url` with a signature, which stands in for the token where no token is sent. */
  sign(url: URL): string {
    url.searchParams.set("signature", this.signature(url));
    return url.href;
  }

  checkSignature(url: URL): void {
    const unsigned = new URL(url);
    unsigned.searchParams.delete("signature");
    if (url.searchParams.get("signature") !== this.signature(unsigned)) {
      throw new HubError(403, "AccessDenied: Request has expired");
    }
  }

  /** Links to the storage that were handed out so far answer 403, as they do after an hour. */
  expireLinks(): void {
    this.secret = randomBytes(16);
  }

  private signature(url: URL): string {
    const { pathname, search } = url;
    return createHmac("sha256", this.secret).update(pathname + search).digest("hex").slice(0, 32);
  }
}
