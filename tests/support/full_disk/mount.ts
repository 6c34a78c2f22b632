/** Small file systems of the test's own, where the machine allows a process to mount them. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How to make one in a directory: the commands, of which the last mounts it. */
export type Kind = "tmpfs" | "few-inodes" | "ext4";

const megabytes = 8;

/** Mounts it for `use`, or returns the reason why that cannot be. */
export function withMount(kind: Kind, use: (directory: string) => void): string | null {
  const scratch = mkdtempSync(join(tmpdir(), "streamstore-mount-"));
  const directory = join(scratch, "mounted");
  mkdirSync(directory);
  try {
    mount(kind, scratch, directory);
  } catch (error) {
    rmSync(scratch, { recursive: true });
    return String((error as Error).message).split("\n").slice(0, 2).join(" ");
  }
  try {
    use(directory);
  } finally {
    execFileSync("umount", [directory]);
    rmSync(scratch, { recursive: true });
  }
  return null;
}

function mount(kind: Kind, scratch: string, directory: string): void {
  if (kind !== "ext4") {
    const options = kind === "few-inodes" ? "size=64m,nr_inodes=60" : `size=${megabytes}m`;
    return run("mount", "-t", "tmpfs", "-o", options, "tmpfs", directory);
  }
  const image = join(scratch, "image");
  writeFileSync(image, "");
  truncateSync(image, 2 * megabytes * 2 ** 20);
  run("mkfs.ext4", "-q", "-F", image);
  run("mount", "-o", "loop", image, directory);
}

export function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
}
