/** Kills processes of a cluster at random moments, and servers too, and has each come back. */
import { pause } from "../../../src/pause.ts";
import type { Cluster } from "./cluster.ts";

/** Told how often what has happened. */
export type Count = (name: string, count: number) => void;

/** Until a moment of `performance.now()`. */
export async function killSome(cluster: Cluster, end: number, count: Count): Promise<void> {
  const { random, parts } = cluster;
  await Promise.all([
    ...parts.map(async (part) => {
      while (performance.now() < end) {
        // Mostly in the middle of work, and sometimes before there is any.
        await pause(2000 * random.float() ** 2);
        cluster.throwFailure();
        await part.kill();
        count(`${part.role}s killed`, 1);
        if (random.below(4) === 0) await pause(500 * random.float());
        part.start();
      }
    }),
    killServers(cluster, end, count),
  ]);
}

async function killServers({ random, servers }: Cluster, end: number, count: Count): Promise<void> {
  while (performance.now() < end) {
    await pause(6000 * random.float());
    // One, whose work the others take over, or all.
    const some = random.below(4) === 0 ? servers : [servers[random.below(servers.length)]];
    await Promise.all(some.map((server) => server.kill()));
    count("servers killed", some.length);
    if (random.below(2) === 0) await pause(1000 * random.float());
    await Promise.all(some.map((server) => server.start()));
  }
}
