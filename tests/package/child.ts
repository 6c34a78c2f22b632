/**
 * Run by the tests of the package, which give it the module's URL: prints as JSON what came of the import, and which
 * library is loaded. A file that REPLACEMENT names takes the library's place once there is a store.
 */
import { existsSync, readFileSync, renameSync } from "node:fs";
import process from "node:process";

const [url] = process.argv.slice(2);
const { STREAMSTORE_LIBRARY, REPLACEMENT } = process.env;
let result: Record<string, unknown>;
try {
  const { StreamStore } = await import(url);
  const store = new StreamStore({ reward: 0 });
  if (REPLACEMENT !== undefined) renameSync(REPLACEMENT, STREAMSTORE_LIBRARY!);
  for (let step = 0; step < 100; step++) store.append(step, { reward: step });
  result = { sum: store.column("reward").values.reduce((total: number, value: number) => total + value, 0) };
  store.close();
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  result = { code, message };
}
const maps = existsSync("/proc/self/maps") ? readFileSync("/proc/self/maps", "utf8") : "";
const libraries = new Set(
  [...maps.matchAll(/\/.*libstreamstore.*/g)].map(([path]) => path),
);
console.log(JSON.stringify({ ...result, libraries: [...libraries] }));
