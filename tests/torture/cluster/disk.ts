/** A file system of its own, in memory, that can be filled up: where this process may mount one. */
import { execFileSync } from "node:child_process";
import { mkdirSync, statfsSync } from "node:fs";

export class Disk {
  private constructor(private readonly path: string) {}

  /** In a directory that it makes; or the reason why that cannot be. */
  static mount(path: string): Disk | string {
    mkdirSync(path, { recursive: true });
    try {
      run("mount", "-t", "tmpfs", "-o", `size=${roomyMegabytes}m`, "tmpfs", path);
    } catch (error) {
      return String((error as Error).message).split("\n").slice(0, 2).join(" ");
    }
    return new Disk(path);
  }

  /** There is no more room than what is used. */
  fill(): void {
    for (let tries = 1;; tries++) {
      const { blocks, bfree, bsize } = statfsSync(this.path);
      try {
        // Of size 0 it would have no end.
        return this.#resize(`${Math.max(blocks - bfree, 1) * bsize}`);
      } catch (error) {
        // Somebody has written meanwhile.
        if (tries === 50) throw error;
      }
    }
  }

  makeRoom(): void {
    this.#resize(`${roomyMegabytes}m`);
  }

  /** Also where somebody has a file open. */
  unmount(): void {
    run("umount", "-l", this.path);
  }

  #resize(size: string): void {
    run("mount", "-o", `remount,size=${size}`, this.path);
  }
}

const roomyMegabytes = 4096;

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "pipe"] });
}
