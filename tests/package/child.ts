/** Run by the tests of the package, which give it the module's URL: prints as JSON what came of the import, and which library is loaded. */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

const [url] = process.argv.slice(2);
let result: Record<string, unknown>;
try {
  const { StreamStore } = await import(url);
  const store = new StreamStore({ reward: 0 });
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
