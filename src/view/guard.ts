/** Which requests the viewer answers: everything is refused that a page of another origin could send, or a machine. */
import { isIP } from "node:net";

/** A request as far as it is judged, its header names in lower case. */
export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

export const urlLengthMax = 8192;

const localNames = ["127.0.0.1", "localhost", "[::1]"];

/** Why a request is refused whoever sends it, or null. `host` is what the server listens on. */
export function refusal({ method, url, headers }: Request, host: string): Refusal | null {
  const [name, origin, site] = ["host", "origin", "sec-fetch-site"].map((key) => headers[key]);
  if (typeof name !== "string" || !isOwnHost(name, host)) {
    return refused(403, `the host must be ${localNames.join(", ")}`);
  }
  if (origin !== undefined && origin !== `http://${name}`) {
    return refused(403, "it comes from another origin");
  }
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return refused(403, "it comes from another site");
  }
  if (method !== "GET") return refused(405, "only GET is answered");
  if (url.length > urlLengthMax) return refused(414, `its address must have <= ${urlLengthMax} characters`);
  // The form of proxies, or that of OPTIONS.
  if (!url.startsWith("/")) return refused(400, "its address must begin with /");
  return null;
}

function refused(status: number, reason: string): Refusal {
  return { status, message: `Cannot answer the request: ${reason}` };
}

/**
 * Whether the header `host` names this server; the port may be another's, as that of `ssh -L`. A page that has its own
 * name lead here is refused by it. A server that listens elsewhere also has the name that it was given, and all
 * addresses, which cannot be such names.
 */
function isOwnHost(header: string, host: string): boolean {
  const name = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(header)?.[1].toLowerCase();
  if (name === undefined) return false;
  if (localNames.includes(name)) return true;
  if (localNames.includes(host)) return false;
  return name === host.toLowerCase() || isIP(name.replace(/^\[|\]$/g, "")) !== 0;
}
