/** Appends numbered steps with extras until it is killed, and reports after each how many there are. */
import process from "node:process";
import { StreamStore } from "../../../mod.ts";
import { tell } from "../../torture/tell.ts";
import { appendStep, extra, fields, valuesAt } from "../extras.ts";

const { path, commitEvery }: { readonly path: string; readonly commitEvery: number } = JSON.parse(
  process.argv[2],
);
const store = StreamStore.open(path, { fields, extra, commitEvery: { steps: commitEvery } });

for (let step = store.rowCount;; step++) {
  if (step % 10 === 4) {
    store.append(step, { action: step });
    store.append(step, {}, valuesAt(step));
  } else if (step % 100 === 50) {
    const values = [valuesAt(step)];
    const lists = Object.fromEntries(
      Object.keys(extra).map((name) => [name, values.map((row) => row[name as "note"])]),
    );
    store.appendColumns({ step: [step], action: [step] }, { extra: lists });
  } else {
    appendStep(store, step);
  }
  tell(String(step + 1));
  if (step % 300 === 299) store.sync();
}
