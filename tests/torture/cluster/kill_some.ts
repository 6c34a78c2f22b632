/** Kills processes of a cluster at random moments, and servers too, and has each come back. */
import { pause } from "../../../src/pause.ts";
import type { Cluster } from "./cluster.ts";
import type { Part } from "./part.ts";
import { isSettled } from "./settled.ts";

/** Told how often what has happened. */
export type Count = (name: string, count: number) => void;

/** Until a moment of `performance.now()`. */
export async function killSome(cluster: Cluster, end: number, count: Count): Promise<void> {
  await Promise.all([
    ...cluster.parts.map((part) => killAgain(cluster, part, end, count)),
    killServers(cluster, end, count),
  ]);
}

async function killAgain(cluster: Cluster, part: Part, end: number, count: Count): Promise<void> {
  const { random } = cluster;
  while (performance.now() < end) {
    // Sometimes before there is any work, but on a machine with much else to do not always.
    if (random.below(4) > 0) await isSettled(part.told(), 2000);
    await pause(2000 * random.float() ** 2);
    cluster.throwFailure();
    if (part.isHeld) continue;
    await part.kill();
    count(`${part.role}s killed`, 1);
    if (random.below(4) === 0) await pause(500 * random.float());
    if (!part.isHeld) part.start();
  }
}

async function killServers(cluster: Cluster, end: number, count: Count): Promise<void> {
  const { random } = cluster;
  while (performance.now() < end) {
    await pause(6000 * random.float());
    await cluster.withServers(async (servers) => {
      // One, whose work the others take over, or all.
      const some = random.below(4) === 0 ? servers : [servers[random.below(servers.length)]];
      await Promise.all(some.map((server) => server.kill()));
      count("servers killed", some.length);
      if (random.below(2) === 0) await pause(1000 * random.float());
      await Promise.all(some.map((server) => server.start()));
    });
  }
}
