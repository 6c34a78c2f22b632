/** Run by permissions.test.ts with few permissions: says as JSON what worked. */
import { StreamStore } from "../../../mod.ts";

const store = new StreamStore({ a: 0, list: 1 }, { capacity: 5000 });
const rows = 40_000;
for (let step = 0; step < rows; step++) store.append(step, { a: step, list: [step, -step] });
store.append(rows, { list: new Float64Array(100_000).fill(3) });
store.appendColumns({ step: [rows + 1], a: [7] });

let refusal = "none";
try {
  store.window(0, 3);
} catch (error) {
  refusal = String(error);
}
const last = store.length - 1;
console.log(JSON.stringify({
  length: store.length,
  rowCount: store.rowCount,
  gathered: [...store.gather([3 * 777, last - 1], 2).values],
  got: [...store.get([[0, 1], [2, 3]]).types],
  row: store.row(39_999).a,
  sum: store.column("a").values.reduce((total, value) => total + value, 0),
  refusal,
}));
store.close();
