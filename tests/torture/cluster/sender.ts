/** Sends a store that another process writes, until it is killed; tells up to which row it has. */
import { existsSync } from "node:fs";
import process from "node:process";
import { StreamStore } from "../../../mod.ts";
import { send } from "../../../replicate.ts";
import { pause } from "../../../src/pause.ts";
import { tell } from "../tell.ts";
import { type LogRequest, openLog } from "./log_child.ts";

export interface SenderRequest extends LogRequest {
  readonly path: string;
  readonly subject: string;
  /** Rows of a message at most. */
  readonly rows: number;
}

const request: SenderRequest = JSON.parse(process.argv[2]);
while (!existsSync(request.path)) await pause(5);
const log = await openLog(request);
using store = StreamStore.open(request.path, { mode: "read" });
await send(store, log, request.subject, {
  rows: request.rows,
  onProgress: ({ sentRow }) => tell(String(sentRow)),
});
