/** Views a store by the package's command line, in a process of its own, and asks its server as a browser does. */
import { StreamStore } from "@streamstore/streamstore";
import { main } from "@streamstore/streamstore/cli";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import process from "node:process";
import { fileURLToPath } from "node:url";

const [given, serve] = process.argv.slice(2);
const path = `${given}/viewed.stream`;
if (serve === "serve") process.exit(await main(["view", path, "--no-open"]));

const store = StreamStore.open(path, { fields: { reward: 0 } });
for (let step = 0; step < 100; step++) store.append(step, { reward: step });
store.close();

const flags = "Deno" in globalThis ? ["run", "-A", "--no-check", "--quiet"] : [];
const child = spawn(process.execPath, [...flags, fileURLToPath(import.meta.url), given, "serve"], {
  stdio: ["ignore", "pipe", "inherit"],
});
const address = await new Promise<string>((resolve) =>
  child.stdout!.once("data", (text) => resolve(String(text).trim()))
);
const entered = await fetch(address, { redirect: "manual" });
await entered.body?.cancel();
const cookie = entered.headers.get("set-cookie")!.split(";")[0];
const ask = async (path: string) =>
  new Uint8Array(await (await fetch(new URL(path, address), { headers: { cookie } })).arrayBuffer());
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const series = await ask("/api/series?store=0&series=reward&from=0&to=100&columns=4");
const columns = new Float64Array(series.slice(-5 * 4 * 8).buffer);
console.log(JSON.stringify({
  script: hashOf(await ask("/client.js")),
  style: hashOf(await ask("/style.css")),
  // The greatest value of each column of pixels, which a Worker has found.
  greatest: [...columns.slice(12, 16)],
}));
child.kill();
