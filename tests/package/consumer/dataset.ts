/** What needs the packages that are loaded on first use. */
import { StreamStore } from "@streamstore/streamstore";

using store = new StreamStore({ reward: 0 });
for (let step = 0; step < 100; step++) store.append(step, { reward: step });
const table = await store.toDataset();
using copy = new StreamStore({ reward: 0 });
await copy.fromDataset(table);
console.log(JSON.stringify({ rows: table.numRows, last: copy.row(99).reward }));
