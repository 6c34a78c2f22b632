/**
 * The native library that travels in the package: one module a platform, and a small one with the hashes of all, which is
 * all that a start needs once the library is unpacked. `./run build --all` writes them.
 */
import { StreamStoreError } from "../error.ts";
import type { System } from "./system.ts";

/** The systems that a library is released for: those of `released_targets` in zig/build.zig. */
export const platforms = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"] as const;

/** A system and its processor, as all runtimes name them. */
export type Platform = typeof platforms[number];

/**
 * The platform of a name, as the system has it.
 *
 * @throws {StreamStoreError} If no library is made for it (`unsupported-platform`).
 */
export function platformOf(name: string): Platform {
  const found = platforms.find((platform) => platform === name);
  if (found !== undefined) return found;
  const message = `Cannot load the native library: supported are ${platforms.join(", ")}, this is ${name}`;
  throw new StreamStoreError("unsupported-platform", message);
}

/** How the files of libraries end there. */
export function suffixOf(platform: Platform): "so" | "dylib" {
  return platform.startsWith("linux") ? "so" : "dylib";
}

/** By what a library is known. */
export interface LibraryHash {
  /** Of the unpacked library. */
  readonly byteLength: number;
  /** Of the unpacked library, in hexadecimal digits. */
  readonly sha256: string;
}

/** What a platform's module holds. */
export interface PackagedLibrary extends LibraryHash {
  /** The library, compressed with gzip, in base64. */
  readonly gzip: string;
}

// Literal paths, since only such imports are seen by registries and bundlers. A checkout has no such modules before a
// release is built, so that their types cannot be looked up.
const modules: Readonly<Record<Platform, () => Promise<PackagedLibrary>>> = {
  // @ts-ignore: made at release
  "linux-x64": () => import("./libraries/linux-x64.ts"),
  // @ts-ignore: made at release
  "linux-arm64": () => import("./libraries/linux-arm64.ts"),
  // @ts-ignore: made at release
  "darwin-x64": () => import("./libraries/darwin-x64.ts"),
  // @ts-ignore: made at release
  "darwin-arm64": () => import("./libraries/darwin-arm64.ts"),
};

/** The hash of the library for a platform, or null in a checkout in which no release was built. */
export async function packagedHash(platform: Platform): Promise<LibraryHash | null> {
  try {
    // @ts-ignore: made at release
    const { hashes } = await import("./libraries/hashes.ts");
    return hashes[platform];
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_MODULE_NOT_FOUND") return null;
    throw error;
  }
}

/** The library for a platform. */
export async function packagedLibrary(platform: Platform): Promise<PackagedLibrary> {
  return await modules[platform]();
}

/** The library's bytes. */
export async function unpack(library: PackagedLibrary, system: System): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await system.decompress(Uint8Array.fromBase64(library.gzip));
  if (await sha256Of(bytes) === library.sha256) return bytes;
  const message = "Cannot load the native library: the package is damaged; install it again";
  throw new StreamStoreError("library-not-loaded", message);
}

/** In hexadecimal digits. */
export async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
