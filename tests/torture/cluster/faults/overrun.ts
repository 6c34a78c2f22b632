/** The log keeps little while a follower is away, and drops what that one has not seen: for good, since it was sent. */
import { type DiscardPolicy, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { pause } from "../../../../src/pause.ts";
import type { Cluster } from "../cluster.ts";
import { stream } from "../log_child.ts";

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
  const nats = await connect({ servers, reconnect: false, timeout: 2000 });
  try {
    const { streams } = await jetstreamManager(nats);
    await streams.update(stream, { max_msgs: messages, discard: "old" as DiscardPolicy });
    await streams.update(stream, { max_msgs: -1, discard: "new" as DiscardPolicy });
  } finally {
    await nats.close();
  }
}
