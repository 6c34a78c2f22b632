/** Reads a store in every way; what is damaged may be said by an error, and nothing may end the process. */
import process from "node:process";
import { StreamStore } from "../../../mod.ts";

const store = StreamStore.open(process.argv[2], { mode: "read" });
const { firstRow, rowCount } = store;
const rows = Array.from({ length: rowCount - firstRow }, (_, i) => firstRow + i);
const dense = { value: 3, done: 1 };
const around = { value: { width: 3, offsets: [-1, 0] }, done: { width: 1, offsets: [0] } };

const ways: Record<string, () => unknown> = {
  window: () => store.window(store.firstToken, store.length - store.firstToken).steps,
  gather: () => store.gather([store.firstToken, store.length - 4], 4),
  rows: () => [...store.rows()],
  row: () => rows.map((row) => attempt(() => store.row(row))),
  column: () => store.column("value"),
  find: () => rows.map((row) => [store.tokenOfRow(row), store.rowOfToken(store.length - 1 - row % 7)]),
  stats: () => store.stats(),
  dense: () => draw({ steps: 3, fields: dense, truncate: true }),
  tokensOfSteps: () => draw({ steps: 3, tokens: 20, truncate: true }),
  offsets: () => draw({ fields: around, truncate: true }),
  episodes: () => draw({ steps: 2, fields: dense, truncate: true, episodes: { end: "done" } }),
  documents: () => draw({ tokens: 2, episodes: "rows" }),
  gatherRows: () => store.gatherRows(rows.slice(1, -1), { fields: around, truncate: true }),
  context: () => store.context({ steps: 4, fields: dense, truncate: true }),
};

function draw(options: object): unknown {
  const sampler = store.sampler({ ...options, batchSize: 64, seed: 1, order: "sequential" } as never);
  return Array.from({ length: Math.ceil(rows.length / 64) }, () => sampler.next());
}

/** The code of the error, or "read". */
function attempt(way: () => unknown): string {
  try {
    way();
    return "read";
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).message;
  }
}

const outcomes = Object.entries(ways).map(([name, way]) => [name, attempt(way)]);
outcomes.push([
  "toDataset",
  await store.toDataset().then(() => "read", (error) => error.code ?? error.message),
]);
console.log(JSON.stringify(Object.fromEntries(outcomes)));
