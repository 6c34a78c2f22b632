/** Makes a store in a directory that may be written but not read, as the user who is given, and reads it again. */
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { StreamStore } from "../../../mod.ts";

const [path, user] = process.argv.slice(2);
if (user !== undefined) {
  process.setgid!(Number(user));
  process.setuid!(Number(user));
}
try {
  readdirSync(dirname(path));
} catch (error) {
  console.log((error as { code: string }).code);
}
{
  using store: StreamStore<{ action: number }> = StreamStore.open(path, { fields: { action: 1 } });
  store.append(0, { action: 1 });
}
using store = StreamStore.open(path, { mode: "read" });
console.log(`${store.rowCount} row`);
