import { existsSync } from "node:fs";
import { describe } from "../fields.ts";
import { formatOfName } from "./formats.ts";

/**
 * Whether a dataset's name is a path: one that begins with `./`, `../` or `/`, one that exists, or one that ends as the
 * files of datasets do. Else it must be a name that the Hub could have.
 */
export function isLocal(name: unknown, action: string): boolean {
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`Cannot ${action}: its name must be a path or user/name, got ${describe(name)}`);
  }
  if (/^(\.{1,2}$|\.{0,2}\/)/.test(name) || formatOfName(name) !== null || exists(name)) return true;
  if (isHubName(name)) return false;
  throw new TypeError(
    `Cannot ${action}: its name must be user/name, or a path that begins with ./ or / or exists, got ${
      describe(name)
    }${pathAdvice(name)}`,
  );
}

/** Whether it can be the name of a repository, and not only a path in the file system. */
export function isHubName(name: string): boolean {
  return /^[A-Za-z0-9_][\w.-]*\/[A-Za-z0-9_][\w.-]*$/.test(name);
}

/** What a name is to be where a folder was meant that is not there yet. */
export function pathAdvice(name: string): string {
  return `; as a path it is ${describe(`./${name}`)}`;
}

/** What Deno was not allowed to look at could not be read as a path either. */
function exists(path: string): boolean {
  try {
    return existsSync(path);
  } catch (error) {
    if ((error as Error).name === "NotCapable") return false;
    throw error;
  }
}
