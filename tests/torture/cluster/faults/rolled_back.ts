/** Servers that come back from an older disk, or from an empty one: what they had acknowledged since is gone. */
import { cpSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NatsServer } from "../../../../examples/cluster/nats_server.ts";
import type { Cluster } from "../cluster.ts";
import { pause } from "../../../../src/pause.ts";

let copies = 0;

/** What all servers keep is as it was some time before. */
export async function rolledBack(cluster: Cluster, milliseconds: number): Promise<boolean> {
  const name = `older-${copies++}`;
  const older = ({ folder }: NatsServer) => join(folder, name);
  await atRest(cluster, (server) => cpSync(server.data, older(server), { recursive: true }));
  await pause(milliseconds);
  await atRest(cluster, (server) => {
    rmSync(server.data, { recursive: true });
    renameSync(older(server), server.data);
  });
  return true;
}

/** No server keeps anything any more. */
export async function wiped(cluster: Cluster): Promise<boolean> {
  await atRest(cluster, ({ data }) => rmSync(data, { recursive: true }));
  return true;
}

/** While none runs. */
async function atRest(cluster: Cluster, task: (server: NatsServer) => void): Promise<void> {
  await cluster.withServers(async (servers) => {
    await Promise.all(servers.map((server) => server.kill()));
    for (const server of servers) task(server);
    await Promise.all(servers.map((server) => server.start()));
  });
}
