/** The log keeps little while a follower is away, and drops what that one has not seen: for good, since it was sent. */
import { DiscardPolicy } from "@nats-io/jetstream";
import { pause } from "../../../../src/pause.ts";
import type { Cluster } from "../cluster.ts";
import { stream } from "../log_child.ts";
import { withStreams } from "./stream.ts";

export async function logOverrun(cluster: Cluster, milliseconds: number): Promise<boolean> {
  const followers = cluster.partsOf("follower");
  const follower = followers[cluster.random.below(followers.length)];
  if (follower.isHeld) return false;
  let isDone = false;
  cluster.mayHaveGaps = true;
  await follower.hold(async () => {
    await follower.kill();
    await pause(milliseconds);
    await cluster.withServers(async ([{ address }]) => {
      // Others may have lost their leader just now.
      for (let tries = 0; tries < 20 && !isDone; tries++) {
        try {
          await keepOnly(address, 4);
          isDone = true;
        } catch {
          await pause(200);
        }
      }
    });
  });
  return isDone;
}

/** So many messages, at once; and then as many as there is room for. */
async function keepOnly(servers: string, messages: number): Promise<void> {
  await withStreams(servers, async (streams) => {
    await streams.update(stream, { max_msgs: messages, discard: DiscardPolicy.Old });
    await streams.update(stream, { max_msgs: -1, discard: DiscardPolicy.New });
  });
}
