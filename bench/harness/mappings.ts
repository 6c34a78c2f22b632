/** What Linux tells of a store's files: where they are mapped, what was read from the disk; and dropping their pages. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { openLibrary } from "../../src/native/library.ts";
import { prove } from "./harness.ts";

export const isLinux = process.platform === "linux";

/** A part of a file of a folder that is mapped by this process, from `from` to before `to`. */
export interface Mapping {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

export function mappingsOf(folder: string): Mapping[] {
  const names = new Map(readdirSync(folder).map((name) => [join(realpathSync(folder), name), name]));
  return readFileSync("/proc/self/maps", "utf8").split("\n").flatMap((line): Mapping[] => {
    const found = /^(\w+)-(\w+) \S+ (\w+) (?:\S+ +){2}(.+)$/.exec(line);
    const name = names.get(found?.[4] ?? "");
    if (name === undefined) return [];
    const [from, to, offset] = found!.slice(1, 4).map((digits) => parseInt(digits, 16));
    return [{ name, from, to, offset }];
  });
}

/** Tells the kernel that all that is mapped of a folder's files is read at random. */
export async function adviseRandom(limits: string, folder: string): Promise<void> {
  const native = await openLibrary(
    limits,
    { sl_memory_advise: { args: ["f64", "f64"], result: "i32" } } as const, // address, length_bytes
  );
  const mappings = mappingsOf(folder);
  for (const { from, to } of mappings) prove("advice", native.sl_memory_advise(from, to - from), 0);
  if (mappings.length === 0) throw new Error(`Cannot give advice: nothing of ${folder} is mapped`);
}

/** What this process had the disk read, faults and what the kernel read ahead of them included. */
export function bytesRead(): number {
  return Number(/^read_bytes: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))![1]);
}

/**
 * Of files that nobody has mapped, from some share of each to its end. They are written to the disk first: only clean
 * pages can go. The dd that does so need not be root.
 */
export function dropPages(folder: string, share = 0, names = readdirSync(folder)): void {
  const blockBytes = 1 << 16;
  for (const name of names) {
    const path = join(folder, name);
    const all = ["count=0", "status=none"];
    execFileSync("dd", [`of=${path}`, "conv=notrunc,fdatasync", ...all]);
    const skipped = Math.floor(share * statSync(path).size / blockBytes);
    execFileSync("dd", [`if=${path}`, "iflag=nocache", `bs=${blockBytes}`, `skip=${skipped}`, ...all]);
  }
}
