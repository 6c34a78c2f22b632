/** What collectors and trainers of `./run cluster` agree on: where the log is, and what a step has. */
import { setTimeout as pause } from "node:timers/promises";
import { type MessageLog, natsLog } from "../../replicate.ts";

export interface Place {
  readonly servers: readonly string[];
  /** On how many servers each message is kept. */
  readonly replicas: number;
}

export const fields = { observation: "float32", action: "uint8", reward: "float32", done: "bool" } as const;
export const subjects = "steps.*";

/** Waits for a cluster that has no leader yet. */
export async function openLog({ servers, replicas }: Place): Promise<MessageLog> {
  for (let tries = 0;; tries++) {
    try {
      return await natsLog({ servers, stream: "steps", subjects: [subjects], replicas });
    } catch (error) {
      if (tries === 300) throw error;
      await pause(100);
    }
  }
}
