/** A call of the command line as the user who is given, whom permissions bind: `as_nobody.ts USER ARGUMENTS…`. */
import process from "node:process";
import { main } from "../../../cli.ts";
import { StreamStore } from "../../../mod.ts";
import { verbs } from "../../../src/cli/verbs.ts";

const [user, ...args] = process.argv.slice(2);
// All that is loaded later lies where that user may not read.
for (const { load } of verbs) await load();
new StreamStore({ value: 0 }).close();
await import("../../../src/dataset/session.ts");
await import("../../../src/dataset/save.ts");
if (user !== "self") {
  process.setgid!(Number(user));
  process.setuid!(Number(user));
}
process.exit(await main(args));
