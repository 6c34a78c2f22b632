/** Run by load.test.ts: prints how many ms it takes to get from the package to the path of a verified library. */
import process from "node:process";

const [folder] = process.argv.slice(2);
const ending = folder.endsWith("jsr") ? "ts" : "js";
const load = (name: string) => import(`${folder}/src/native/${name}.${ending}`);
const [{ adapter }, { packagedHash, platformOf }, { cachedLibrary }] = await Promise.all(
  ["library", "packaged", "cache"].map(load),
);
const { system } = await adapter();
const platform = platformOf(system.platform);
const begin = performance.now();
await cachedLibrary(await packagedHash(platform), platform, system);
console.log(performance.now() - begin);
