/** Where and in what a measurement was made. */
import { statfsSync } from "node:fs";
import { cpus, release, tmpdir, totalmem, type } from "node:os";
import process from "node:process";

/** In the order of the table. */
export const runtimeNames = ["Deno", "Bun", "Node"] as const;

export type RuntimeName = typeof runtimeNames[number];

export const runtimeName: RuntimeName = runtimeNames.find((name) => name.toLowerCase() in process.versions)!;
export const runtimeVersion: string = process.versions[runtimeName.toLowerCase()] ?? "of an unknown version";

/** Magic numbers of statfs(2) on Linux. */
const fileSystems: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x01021994: "tmpfs",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x2fc12fc1: "zfs",
  0x794c7630: "overlayfs",
};

/** One line: processor, cores, memory, kernel and the file system that temporary stores lie on. */
export function describeMachine(): string {
  const processors = cpus();
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  const magic = statfsSync(tmpdir()).type;
  const fileSystem = fileSystems[magic] ?? `file system 0x${magic.toString(16)}`;
  return `${
    processors[0]?.model.trim()
  }, ${processors.length} cores, ${memoryGib} GiB, ${type()} ${release()}, ${fileSystem}`;
}
