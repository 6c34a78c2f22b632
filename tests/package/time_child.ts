/**
 * Run by load.test.ts: prints how many ms of the processor it takes to get from the package to the path of a verified
 * library. What else the machine does adds little to them.
 */
import process from "node:process";

const [folder] = process.argv.slice(2);
const ending = folder.endsWith("jsr") ? "ts" : "js";
const load = (name: string) => import(`${folder}/src/native/${name}.${ending}`);
const [{ adapter }, { packagedHash, platformOf }, { cachedLibrary }] = await Promise.all(
  ["library", "packaged", "cache"].map(load),
);
const { system } = await adapter();
const platform = platformOf(system.platform);
const begin = process.cpuUsage();
await cachedLibrary(await packagedHash(platform), platform, system);
const { user, system: inSystem } = process.cpuUsage(begin);
console.log((user + inSystem) / 1000);
