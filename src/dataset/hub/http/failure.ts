import { type ErrorCode, StreamStoreError } from "../../../error.ts";
import { printable } from "../printable.ts";
import type { Settings } from "../settings.ts";

/** What the Hub, or the storage behind it, said no with. */
export interface HttpAnswer {
  readonly status: number;
  /** The Hub's own word for it, such as `RepoNotFound`, or "". */
  readonly code: string;
  /** Its sentence, or "". */
  readonly message: string;
}

/**
 * That what an answer leads to, or holds, is not taken: asking again would not help. Read as a sentence, `needed` follows
 * what was asked for: `must come from …`.
 */
export class RefusedAnswer extends Error {
  constructor(readonly needed: string, readonly got: string) {
    super(`the answer ${needed}, got ${got}`);
  }
}

/** An error by the Hub's answer, for those who can do something about it. */
export class HttpError extends StreamStoreError {
  constructor(readonly answer: HttpAnswer, code: ErrorCode, message: string) {
    super(code, message);
  }
}

/**
 * The error of a request that was answered, in the end, by this, which is no success.
 *
 * @param action What was to be done: `load user/name`.
 * @param what What was asked for: `the revision main`.
 * @param isStorage Whether the storage said so: there tokens count for nothing.
 */
export async function httpError(
  { action, what, isStorage = false }: { action: string; what: string; isStorage?: boolean },
  response: Response,
  settings: Settings,
): Promise<HttpError> {
  const answer = await readAnswer(response);
  const { status, message } = answer;
  const [code, needed]: [ErrorCode, string] = isStorage
    ? ["input-output", `the Hub's storage must give or take ${what}`]
    : explain(answer, what, settings);
  const said = message === "" ? "" : `, "${message}"`;
  return new HttpError(
    answer,
    code,
    clean(`Cannot ${action}: ${needed}, got ${status}${said}`, settings),
  );
}

async function readAnswer(response: Response): Promise<HttpAnswer> {
  const { status, headers } = response;
  // Its first bytes: more is not read of a failure.
  const text = await response.text().catch(() => "");
  let message = headers.get("X-Error-Message") ?? "";
  if (message === "") {
    try {
      message = String(JSON.parse(text).error ?? "");
    } catch {
      // The storage answers with XML, which says nothing to people.
    }
  }
  return { status, code: headers.get("X-Error-Code") ?? "", message: message.slice(0, 300) };
}

function explain(
  { status, code }: HttpAnswer,
  what: string,
  { endpoint, token }: Settings,
): [ErrorCode, string] {
  const tokens = "as the option token, in HF_TOKEN or by hf auth login";
  if (code === "GatedRepo") {
    return ["permission-denied", `its conditions must be accepted at ${endpoint}, and a token be given`];
  }
  if (code === "RepoNotFound") {
    const needed = token === null
      ? `, and for a private one a token be given (${tokens})`
      : " and the token be allowed to read it";
    return ["not-found", `the repository must exist at ${endpoint}${needed}`];
  }
  if (code === "RevisionNotFound" || code === "EntryNotFound" || status === 404) {
    return ["not-found", `${what} must exist`];
  }
  if (status === 401) {
    const needed = token === null
      ? `a token must be given (${tokens})`
      : `the token must be one that ${endpoint} knows`;
    return ["permission-denied", needed];
  }
  if (status === 403) return ["permission-denied", `the token must be allowed to do that at ${endpoint}`];
  if (status === 409 || status === 412) return ["busy", "nobody else must commit at the same time"];
  if (status === 429) return ["busy", `${endpoint} must have room for more requests`];
  return ["input-output", `${endpoint} must answer the request for ${what}`];
}

/** Printable, without the token, and without what stands behind a question mark in an address. */
export function clean(text: string, { token }: Settings): string {
  const withoutToken = token === null ? text : text.replaceAll(token, "(token)");
  return printable(withoutToken).replace(/(https?:\/\/[^\s?"')]*)\?[^\s"')]*/g, "$1");
}
