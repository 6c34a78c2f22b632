import { StreamStoreError } from "../error.ts";

/** The systems that a library is released for: those of `released_targets` in zig/build.zig. */
export const platforms = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"] as const;

/** A system and its processor, as both runtimes name them. */
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
