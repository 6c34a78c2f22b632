/** How a browser becomes the one that the viewer was opened in: a code that holds once, and then a cookie. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const secretBytes = 32;

const newSecret = () => randomBytes(secretBytes).toString("base64url");

/** In a time that says nothing of where two texts differ: their hashes are of one length, and compared to their ends. */
export function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(left, right);
}

/** Codes that no browser has come with yet; older ones are forgotten. */
const openCodesMax = 16;

export class Login {
  /** The server's own, since a browser sends a host's cookies to all its ports. */
  readonly cookieName = `streamstore-${randomBytes(4).toString("hex")}`;
  readonly #secret = newSecret();
  #codes: string[] = [];

  /** A code for one browser. */
  newCode(): string {
    const code = newSecret();
    this.#codes = [...this.#codes, code].slice(-openCodesMax);
    return code;
  }

  /** Whether a code was given out and has not been used; from here on it is. */
  takeCode(given: string): boolean {
    const found = this.#codes.filter((code) => isSame(code, given));
    this.#codes = this.#codes.filter((code) => !found.includes(code));
    return found.length > 0;
  }

  /** What gives the cookie to a browser. Scripts cannot read it, and no other site's request has it. */
  get setCookie(): string {
    return `${this.cookieName}=${this.#secret}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Whether a header `cookie` has it. */
  isKnown(header: string | undefined): boolean {
    const prefix = `${this.cookieName}=`;
    return (header ?? "").split(";").map((part) => part.trim())
      .some((part) => part.startsWith(prefix) && isSame(part.slice(prefix.length), this.#secret));
  }
}
