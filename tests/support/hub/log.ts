/** Every request that came in, for assertions on what a client asked for and how often. */
import type { Host } from "./exchange.ts";
import { type FaultMatch, matches } from "./faults.ts";

export interface LoggedRequest {
  readonly host: Host;
  readonly method: string;
  /** Decoded, without the query. In the storage it ends with the file's path in the repository. */
  readonly path: string;
  readonly query: string;
  readonly range: string | undefined;
  /** Whether it carried a token. */
  readonly hasToken: boolean;
  /** 0 where no answer was given. */
  status: number;
  /** Bytes of the body that were sent. */
  bytes: number;
}

export class RequestLog {
  readonly entries: LoggedRequest[] = [];

  /** Those that match: `find({ host: "storage", path: "train-00000" })`. */
  find(match: Pick<FaultMatch, "method" | "host" | "path"> & { status?: number } = {}): LoggedRequest[] {
    return this.entries.filter((entry) =>
      matches(match, entry) && (match.status === undefined || match.status === entry.status)
    );
  }

  count(match: Parameters<RequestLog["find"]>[0] = {}): number {
    return this.find(match).length;
  }

  /** How many bytes of their bodies were sent. */
  bytes(match: Parameters<RequestLog["find"]>[0] = {}): number {
    return this.find(match).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  clear(): void {
    this.entries.length = 0;
  }

  /** One line a request, for a test's message. */
  toString(): string {
    return this.entries.map(({ host, method, path, query, range, status, bytes }) =>
      `${host} ${method} ${path}${query} ${range ?? ""} → ${status}, ${bytes} bytes`
    ).join("\n");
  }
}
