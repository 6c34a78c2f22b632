/** What the client of NATS says, as errors that name the servers. What waiting may mend once a log is open is no `StreamStoreError`. */
import { JetStreamApiError } from "@nats-io/jetstream";
import {
  AuthorizationError,
  type NatsConnection,
  PermissionViolationError,
  UserAuthenticationExpiredError,
} from "@nats-io/transport-node";
import { type ErrorCode, StreamStoreError } from "../error.ts";

export const errorCodes = {
  wrongLastSequence: 10071,
  duplicateInProcess: 10158,
  streamNotFound: 10059,
} as const;

export function isApiError(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof JetStreamApiError && codes.includes(error.code);
}

/** Why there is no connection. */
export function connectionError(cause: unknown, servers: string): StreamStoreError {
  const { message } = cause as Error;
  const [code, must] = whatMust(cause);
  return new StreamStoreError(code, `Cannot connect to NATS: ${must} ${servers}: ${message}`, { cause });
}

function whatMust(cause: unknown): [ErrorCode, string] {
  if (cause instanceof AuthorizationError || cause instanceof UserAuthenticationExpiredError) {
    return ["permission-denied", "the credentials must be right for"];
  }
  // As Node names what is wrong with one, and the others do too.
  const { code } = cause as { readonly code?: unknown };
  if (/CERT|SIGNATURE/.test(String(code))) return ["permission-denied", "a certificate must be trusted of"];
  return ["input-output", "a server must answer at"];
}

/** Why a stream cannot be had. A cluster that has no leader yet says that it has no JetStream. */
export async function streamError(error: unknown, nats: NatsConnection, servers: string): Promise<Error> {
  if (error instanceof StreamStoreError) return error;
  const found = await answerError(error, nats, servers);
  const isOfRequest = error instanceof JetStreamApiError && error.status < 500;
  if (found instanceof StreamStoreError || isOfRequest) return found;
  const message = `Cannot open a log: JetStream must be ready at ${servers}: ${(error as Error).message}`;
  return new StreamStoreError("input-output", message, { cause: error });
}

/** Why there is no answer. A connection that is closed stays so, since the client comes back by itself from all else. */
export async function answerError(error: unknown, nats: NatsConnection, servers: string): Promise<Error> {
  const { cause: inner, message } = error as Error;
  const violation = [error, inner].find((one) => one instanceof PermissionViolationError);
  if (violation !== undefined) {
    const reason =
      `Cannot use a log: the user must be allowed what it does at ${servers}: ${violation.message}`;
    return new StreamStoreError("permission-denied", reason, { cause: error });
  }
  if (nats.isClosed()) {
    const reason = await nats.closed();
    if (reason instanceof Error) return connectionError(reason, servers);
    return new StreamStoreError("closed", `Cannot use a log: it is closed, at ${servers}`, { cause: error });
  }
  return new Error(`NATS at ${servers}: ${message}`, { cause: error });
}
