/** Sends a store until its input ends, as `streamstore send` does: `sender.ts <path> <server> <subject>`. */
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { send } from "../../replicate.ts";
import { logAt } from "../harness/nats.ts";

const [, , path, server, subject] = process.argv;
const end = new AbortController();
process.stdin.on("end", () => end.abort()).resume();
const log = await logAt(server);
using store = StreamStore.open(path, { mode: "read" });
console.log("ready");
await send(store, log, subject, { signal: end.signal });
await log.close();
