import { StreamStoreError } from "../error.ts";
import { cachedLibrary } from "./cache.ts";
import { adapter } from "./library.ts";
import { packagedHash } from "./packaged.ts";
import { platformOf } from "./platform.ts";

/** Unpacks the package's library and returns its folder. */
export async function unpackLibrary(): Promise<string> {
  const { system } = await adapter();
  const platform = platformOf(system.platform);
  const hash = await packagedHash(platform);
  if (hash !== null) return (await cachedLibrary(hash, platform, system)).folder;
  const message = "Cannot unpack the native library: the package holds none, and a checkout needs none";
  throw new StreamStoreError("library-not-loaded", message);
}
