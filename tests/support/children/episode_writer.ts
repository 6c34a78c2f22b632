/** Appends rows, with an end in every seventh of its own, until it is killed; each line says how many rows there are. */
import process from "node:process";
import { StreamStore } from "../../../mod.ts";
import { tell } from "../../torture/tell.ts";

export const fields = { a: 0, done: 1 } as const;
export const rowsPerEpisode = 7;

if (process.argv[2] !== undefined) write(JSON.parse(process.argv[2]));

function write({ path }: { readonly path: string }): void {
  const store = StreamStore.open(path, { fields });
  const first = store.rowCount;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let row = first;; row++) {
    tell(String(row));
    const done = (row - first) % rowsPerEpisode === rowsPerEpisode - 1;
    store.append(row, { a: row, done });
    Atomics.wait(sleeper, 0, 0, 1);
  }
}
