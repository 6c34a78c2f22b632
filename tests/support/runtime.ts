/** The runtime that this is, and how it runs a file of the checkout. */
import process from "node:process";
import { fileURLToPath } from "node:url";

export type RuntimeName = "deno" | "bun" | "node";

export const runtimeName: RuntimeName = "deno" in process.versions
  ? "deno"
  : "bun" in process.versions
  ? "bun"
  : "node";
export const isDeno: boolean = runtimeName === "deno";
export const isNode: boolean = runtimeName === "node";

/**
 * Whether a case is this runtime's, of a long list whose results are those of our own code and of no runtime: Deno has every
 * second, and Bun and Node have the others, so that `./run test` has all.
 */
export const isShareOf = (index: number): boolean => index % 2 === (isDeno ? 0 : 1);

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** The arguments of `process.execPath` before those of a script: for JavaScript, and for the checkout's TypeScript. */
export const scriptFlags: readonly string[] = {
  deno: ["run", "-A", "--no-check", "--quiet"],
  bun: ["run"],
  node: ["--disable-warning=ExperimentalWarning"],
}[runtimeName];

export const runFlags: readonly string[] = isNode
  ? [
    ...scriptFlags,
    `--import=${path("toolchain/node_typescript.mjs")}`,
    `--import=${path("tests/support/web_worker.ts")}`,
  ]
  : scriptFlags;
