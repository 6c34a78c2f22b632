/** What is asked of the stream itself, and no sender or follower asks: at a server, and not through the network. */
import { jetstreamManager, type StreamAPI } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

export async function withStreams<Result>(
  servers: string,
  task: (streams: StreamAPI) => Promise<Result>,
): Promise<Result> {
  const nats = await connect({ servers, reconnect: false, timeout: 2000 });
  try {
    return await task((await jetstreamManager(nats)).streams);
  } finally {
    await nats.close();
  }
}
