import { BlockList, isIP } from "node:net";
import { builtin } from "../../../native/builtin.ts";
import { RefusedAnswer } from "./failure.ts";

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

/** Networks that are nobody's in the public internet. */
const privateNetworks = new BlockList();
for (
  const network of [
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
  ]
) {
  const [address, bits] = network.split("/");
  privateNetworks.addSubnet(address, Number(bits));
  // IPv6 addresses whose last 32 bits are an IPv4 address: mapped ones, compatible ones, and those of a translator.
  for (const carrier of ["::ffff:", "::", "64:ff9b::"]) {
    privateNetworks.addSubnet(carrier + address, 96 + Number(bits), "ipv6");
  }
}
for (const network of ["::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"]) {
  const [address, bits] = network.split("/");
  privateNetworks.addSubnet(address, Number(bits), "ipv6");
}

function isPrivateAddress(address: string): boolean {
  // What stands behind it is a zone.
  const [plain] = address.split("%");
  const version = isIP(plain);
  return version !== 0 && privateNetworks.check(plain, version === 4 ? "ipv4" : "ipv6");
}
