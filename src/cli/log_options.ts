/** Where the log of messages is, for the verbs that send to one and read from it. */
import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import type { MessageLog } from "../replicate/log.ts";
import { withBar } from "./bar.ts";
import { type AccessOptions, addAccessOptions, readAccess } from "./log_access.ts";
import { namesOf } from "./store.ts";
import { WaitBar, waitingText } from "./waiting.ts";

export interface LogOptions extends AccessOptions {
  readonly servers: readonly string[];
  readonly stream: string;
  readonly retry?: true;
}

const retryMilliseconds = 1000;
/** What may be there later: a server, and a stream that a sender makes. */
const passing: readonly unknown[] = ["input-output", "not-found"];

export function addLogOptions(command: Command): Command {
  const placed = command
    .option("--servers <addresses>", "of NATS, with commas between them (127.0.0.1:4222)", namesOf)
    .option("--stream <name>", "the stream of JetStream", "steps");
  return addAccessOptions(placed)
    .option("--retry", "waits for a server or a stream that is not there");
}

/**
 * Opens the log; its stream is made for the subjects where they are given and it is not there. `waiting` says how much
 * waits while no server answers.
 */
export async function openLog(
  options: LogOptions,
  subjects?: readonly string[],
  waiting = () => waitingText(null),
): Promise<MessageLog> {
  const { natsLog } = await import("../replicate/nats.ts");
  const { servers = ["127.0.0.1:4222"], stream, retry } = options;
  const connection = await readAccess(options);
  const open = () => natsLog({ servers, stream, subjects, connection });
  if (!retry) return await open();
  return await withBar(`Waiting for ${servers.join(", ")}:`, async (bar) => {
    const wait = new WaitBar(bar);
    try {
      for (const since = performance.now();; await pause(retryMilliseconds)) {
        try {
          return await open();
        } catch (error) {
          if (!passing.includes((error as { readonly code?: string }).code)) throw error;
          wait.show(performance.now() - since, waiting(), error);
        }
      }
    } finally {
      wait.end();
    }
  });
}
