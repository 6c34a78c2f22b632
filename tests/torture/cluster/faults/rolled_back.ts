/** Servers that come back from an older disk, or from an empty one: what they had acknowledged since is gone. */
import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NatsServer } from "../../../../examples/cluster/nats_server.ts";
import { pause } from "../../../../src/pause.ts";
import type { Cluster } from "../cluster.ts";
import type { Count } from "../kill_some.ts";
import { stream } from "../log_child.ts";
import { withStreams } from "./stream.ts";

let copies = 0;

/** What all servers keep is as it was some time before. */
export async function rolledBack(cluster: Cluster, milliseconds: number, count: Count): Promise<boolean> {
  const rollBack = await copyServers(cluster);
  await waitForMessages(cluster, milliseconds);
  const lost = await rollBack();
  if (lost > 0) count("messages rolled back", lost);
  return true;
}

/** Returns what brings the copy back, and says how many messages are lost by it. */
export async function copyServers(cluster: Cluster): Promise<() => Promise<number>> {
  const name = `older-${copies++}`;
  const older = ({ folder }: NatsServer) => join(folder, name);
  const kept = await atRest(cluster, (server) => cpSync(server.data, older(server), { recursive: true }));
  return async () => {
    const last = await atRest(cluster, (server) => {
      rmSync(server.data, { recursive: true });
      renameSync(older(server), server.data);
    });
    return last - kept;
  };
}

/** No server keeps anything any more. */
export async function wiped(cluster: Cluster, _milliseconds: number, count: Count): Promise<boolean> {
  const lost = await atRest(cluster, ({ data }) => rmSync(data, { recursive: true }));
  if (lost > 0) count("messages wiped", lost);
  return true;
}

/** While none runs. Returns the number of the newest message before, or NaN where they do not say. */
async function atRest(cluster: Cluster, task: (server: NatsServer) => void): Promise<number> {
  return await cluster.withServers(async (servers) => {
    const number = await newestAt(servers);
    await Promise.all(servers.map((server) => server.kill()));
    for (const server of servers) task(server);
    await Promise.all(servers.map((server) => server.start()));
    return number;
  });
}

/** Until there is something to lose, or so long. Returns whether there is. */
export async function waitForMessages(cluster: Cluster, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  for (let first = NaN; performance.now() < end; await pause(250)) {
    const newest = await cluster.withServers(newestAt);
    if (Number.isNaN(first)) first = newest;
    if (newest >= first + 20) return true;
  }
  return false;
}

/** The number of the newest message, or NaN where no server says it. */
async function newestAt(servers: readonly NatsServer[]): Promise<number> {
  for (const { address } of servers) {
    try {
      return (await withStreams(address, (streams) => streams.info(stream))).state.last_seq;
    } catch {
      // It has no leader yet, or does not answer.
    }
  }
  return NaN;
}
