/** Processes that do nothing for a while, and know nothing of it. */
import process from "node:process";
import { pause } from "../../../../src/pause.ts";
import type { Cluster } from "../cluster.ts";

/** One of the collectors, senders, followers and trainers. */
export async function processStopped({ random, parts }: Cluster, milliseconds: number): Promise<boolean> {
  const part = parts[random.below(parts.length)];
  if (part.isHeld) return false;
  await part.hold(() => part.stop(milliseconds));
  return true;
}

export async function serverStopped(cluster: Cluster, milliseconds: number): Promise<boolean> {
  await cluster.withServers(async (servers) => {
    const { id } = servers[cluster.random.below(servers.length)];
    process.kill(id, "SIGSTOP");
    await pause(milliseconds);
    process.kill(id, "SIGCONT");
  });
  return true;
}
