/**
 * The Hub as a program, for clients in other languages: prints `{"endpoint": …, "token": …}` and serves until it is
 * stopped. `--page-size N`, `--multipart-bytes N` and `--part-bytes N` set what they say.
 */
import process from "node:process";
import { readOptions } from "../../../bench/command_line.ts";
import { startHub } from "./server.ts";

const values = readOptions(import.meta.url, {
  "page-size": { type: "string", default: "1000" },
  "multipart-bytes": { type: "string", default: "5000000000" },
  "part-bytes": { type: "string", default: "5000000" },
});

const hub = await startHub({
  pageSize: Number(values["page-size"]),
  multipartBytes: Number(values["multipart-bytes"]),
  partBytes: Number(values["part-bytes"]),
});
console.log(JSON.stringify({ endpoint: hub.endpoint, token: hub.token }));
process.on("SIGTERM", () => process.exit(0));
