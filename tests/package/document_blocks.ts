/** README.md, ARCHITECTURE.md and docs/: their text and their code. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { root } from "./packed.ts";

export const documents: readonly string[] = [
  "README.md",
  "ARCHITECTURE.md",
  ...readdirSync(`${root}docs`).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
];
export const textOf = (path: string): string => readFileSync(root + path, "utf8");

/** The text without its blocks of code. */
export const proseOf = (path: string): string => textOf(path).replace(/^```[\s\S]*?^```$/gm, "");

export function blocksOf(path: string, language: string): string[] {
  const all = [...textOf(path).matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)];
  return all.filter(([, info]) => info === language).map(([, , code]) => code);
}

export interface Outcome {
  readonly status: number | string | null;
  readonly output: string;
}

export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: object = {},
): Promise<Outcome> {
  const options = { cwd, env: { ...process.env, ...env }, encoding: "utf8" as const, timeout: 120_000 };
  return new Promise((resolve) =>
    execFile(
      program,
      args,
      options,
      (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : error.code ?? error.signal ?? null, output: stdout + stderr }),
    )
  );
}
