/**
 * Reads a store that somebody else writes, until it is killed: compares every row that comes, and reports lines of
 * `refreshes rows`. Whatever it finds wrong ends it with the error.
 */
import process from "node:process";
import { Follower } from "./follower.ts";
import { tell } from "./tell.ts";

const { path }: { readonly path: string } = JSON.parse(process.argv[2]);
using follower = new Follower(path);
for (;;) {
  await follower.follow(50);
  tell(`${follower.refreshes} ${follower.rowsRead}`);
}
