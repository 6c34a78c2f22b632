import { builtin } from "../../../native/builtin.ts";
import { RefusedAnswer } from "./refused.ts";

/** The addresses that a name stands for; none where that cannot be told. */
export type LookUp = (name: string) => Promise<readonly string[]>;

/**
 * Which addresses may be asked. The Hub's answers name other ones: where a file lies, where to upload to. Such an answer
 * must lead neither into this machine nor into the network around it, unless the Hub is there itself.
 */
export class Addresses {
  readonly #endpoint: URL;
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(endpoint: string, private readonly lookUp: LookUp = systemLookUp) {
    this.#endpoint = new URL(endpoint);
  }

  /** @param before The address that led here; null where the caller names it. */
  async check(url: URL, before: URL | null): Promise<void> {
    if (!/^https?:$/.test(url.protocol)) {
      throw new RefusedAnswer("must come from an http or https address", url.protocol);
    }
    if (url.username !== "" || url.password !== "") {
      throw new RefusedAnswer("must come from an address without a password", "one with a password");
    }
    if (url.protocol === "http:" && [before, this.#endpoint].some((from) => from?.protocol === "https:")) {
      throw new RefusedAnswer("must come by https, as what led to it did", url.origin);
    }
    if (url.origin === this.#endpoint.origin || !(await this.#isPrivate(url.hostname))) return;
    if (await this.#isPrivate(this.#endpoint.hostname)) return;
    throw new RefusedAnswer("must come from a public address, as the Hub's is", url.origin);
  }

  #isPrivate(host: string): Promise<boolean> {
    let known = this.#known.get(host);
    if (known === undefined) this.#known.set(host, known = this.#find(host));
    return known;
  }

  async #find(host: string): Promise<boolean> {
    if (/(^|\.)localhost\.?$/.test(host)) return true;
    const literal = /^\[|^[\d.]+$/.test(host);
    const addresses = literal ? [host.replace(/^\[|\]$/g, "")] : await this.lookUp(host);
    return addresses.some(isPrivateAddress);
  }
}

/** A name that cannot be looked up may still be known to a proxy, and what Deno does not permit it does not permit. */
async function systemLookUp(name: string): Promise<readonly string[]> {
  try {
    const found = await builtin.dns.promises.lookup(name, { all: true });
    return found.map(({ address }) => address);
  } catch {
    return [];
  }
}

/** Networks that are nobody's in the public internet: IPv4's as 32 bits, IPv6's as 128. */
const privateNetworks: readonly [first: bigint, prefixBits: number, addressBits: number][] = [
  ...[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
  ].map((network) => networkOf(network, 32)),
  ...["::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"].map((network) => networkOf(network, 128)),
];

/** IPv6 addresses whose last 32 bits are an IPv4 address: mapped ones, compatible ones, and those of a translator. */
const carriers = ["::ffff:0:0/96", "::/96", "64:ff9b::/96"].map((network) => networkOf(network, 128));

export function isPrivateAddress(address: string): boolean {
  const number = numberOf(address);
  if (number === null) return false;
  const bits = address.includes(":") ? 128 : 32;
  const lies = (value: bigint, valueBits: number) =>
    privateNetworks.some(([first, prefixBits, addressBits]) =>
      addressBits === valueBits && isIn(value, first, addressBits - prefixBits)
    );
  if (lies(number, bits)) return true;
  const carries = bits === 128 && carriers.some(([first]) => isIn(number, first, 32));
  return carries && lies(number & 0xffffffffn, 32);
}

function isIn(value: bigint, first: bigint, freeBits: number): boolean {
  return value >> BigInt(freeBits) === first >> BigInt(freeBits);
}

function networkOf(network: string, addressBits: number): [bigint, number, number] {
  const [address, prefixBits] = network.split("/");
  return [numberOf(address)!, Number(prefixBits), addressBits];
}

/** The number of an IPv4 or IPv6 address; null where it is none. A zone behind `%` is left out. */
function numberOf(address: string): bigint | null {
  const [plain] = address.split("%");
  if (!plain.includes(":")) return joined(plain.split("."), 4, 8n, 10);
  // The last 32 bits may be written as IPv4.
  const text = plain.replace(/([\d.]+)$/, (tail) => {
    const number = tail.includes(".") ? joined(tail.split("."), 4, 8n, 10) : null;
    return number === null ? tail : `${(number >> 16n).toString(16)}:${(number & 0xffffn).toString(16)}`;
  });
  const [front, back] = text.split("::").map((part) => part === "" ? [] : part.split(":"));
  if (back === undefined) return joined(front, 8, 16n, 16);
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  return joined([...front, ...zeros, ...back], 8, 16n, 16);
}

function joined(parts: readonly string[], count: number, bits: bigint, base: number): bigint | null {
  const digits = base === 10 ? /^\d{1,3}$/ : /^[\da-f]{1,4}$/i;
  const numbers = parts.map((part) => digits.test(part) ? parseInt(part, base) : NaN);
  if (numbers.length !== count || numbers.some((number) => !(number < 2 ** Number(bits)))) return null;
  return numbers.reduce((sum, number) => (sum << bits) | BigInt(number), 0n);
}
