/** The log of messages as the processes under test open it: until a server answers, and the cluster has a leader. */
import { type MessageLog, natsLog } from "../../../replicate.ts";
import { pause } from "../../../src/pause.ts";

/** Where the log is. */
export interface LogRequest {
  readonly servers: readonly string[];
  /** On how many servers each message is kept. */
  readonly replicas: number;
}

export const stream = "steps";
export const subjects = "steps.*";

/** What servers say of each other would lead around the network that stands before them. */
export const connection = { ignoreClusterUpdates: true };

export async function openLog({ servers, replicas }: LogRequest): Promise<MessageLog> {
  for (;;) {
    try {
      return await natsLog({ servers, connection, stream, subjects: [subjects], replicas });
    } catch (error) {
      if (error instanceof TypeError) throw error;
      await pause(100);
    }
  }
}
