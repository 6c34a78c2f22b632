/** Follows all stores into a directory of replicas, until it is killed; tells how many messages brought rows. */
import process from "node:process";
import { follow } from "../../../replicate.ts";
import { tell } from "../tell.ts";
import { type LogRequest, openLog, subjects } from "./log_child.ts";

export interface FollowerRequest extends LogRequest {
  readonly directory: string;
}

const request: FollowerRequest = JSON.parse(process.argv[2]);
let messages = 0;
await follow(await openLog(request), {
  directory: request.directory,
  subjects,
  syncEvery: 200,
  onProgress: () => tell(String(++messages)),
});
