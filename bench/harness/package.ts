/** The package as users of this runtime install it, which `./run pack` makes of the checkout. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runtimeName } from "./machine.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kind = runtimeName === "Deno" ? "jsr" : "npm";

/** Modules of JavaScript: the command line, a program that has a first store, and one that does nothing. */
export interface PackedPrograms {
  readonly cli: string;
  readonly create: string;
  readonly nothing: string;
}

/** A step appended to a first store, and no more. */
const firstStore = `import { StreamStore } from "./${kind}/mod.js";
const store = new StreamStore({ action: 0, reward: 1 });
store.append(0, { action: 1, reward: 0.5 });
console.log(store.length);
store.close();
`;

/** Makes the package where it is not up to date, and programs beside it. */
export function packedPrograms(): PackedPrograms {
  execFileSync(join(root, "run"), ["pack"], { stdio: ["ignore", "ignore", "inherit"] });
  const folder = join(root, "build/package");
  const [create, nothing] = ["create", "nothing"].map((name) => join(folder, `${name}_${kind}.mjs`));
  writeFileSync(create, firstStore);
  writeFileSync(nothing, "export {};\n");
  return { cli: join(folder, kind, "cli.js"), create, nothing };
}
