import { StreamStoreError } from "../error.ts";
import { cachedLibrary } from "./cache.ts";
import { adapter } from "./library.ts";
import { packagedLibrary } from "./packaged.ts";
import { platformOf } from "./platform.ts";

/** Unpacks the package's library and returns its folder. */
export async function unpackLibrary(): Promise<string> {
  const { system } = await adapter();
  const platform = platformOf(system.platform);
  const library = await packagedLibrary(platform);
  if (library !== null) return (await cachedLibrary(library, platform, system)).folder;
  const message = "Cannot unpack the native library: the package holds none, and a checkout needs none";
  throw new StreamStoreError("library-not-loaded", message);
}
