/** Flags episodes of a store as a user who may not write to it: `flag_as_nobody.ts USER PATH`. */
import process from "node:process";
import { StreamStore } from "../../../mod.ts";
import { flagRoute, flagsRoute } from "../../../src/view/routes/flag.ts";
import { ask } from "./asked.ts";

const [user, path] = process.argv.slice(2);
using store = StreamStore.open(path, { mode: "read" });
if (user !== "self") {
  process.setgid!(Number(user));
  process.setuid!(Number(user));
}
const options = { path, header: "flag" };
const answers = [
  await ask(flagRoute, store, { row: 0, flag: "bad" }, options),
  await ask(flagRoute, store, { row: 10, flag: "" }, options),
  await ask(flagsRoute, store, {}, options),
];
console.log(JSON.stringify(answers));
