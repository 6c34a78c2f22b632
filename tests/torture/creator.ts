/** Creates one store after another with one step in each, and reports the number of each that is done. */
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { type Content, contentOf, fields } from "./content.ts";
import { tell } from "./tell.ts";

const { prefix, first }: { prefix: string; first: number } = JSON.parse(process.argv[2]);
for (let i = first;; i++) {
  const store: Content = StreamStore.open(`${prefix}${i}.stream`, {
    fields,
    mode: "create",
    capacity: 100,
  });
  store.append(0, contentOf(0));
  // Some are left open, with their step in the tail.
  if (i % 3 > 0) store.close();
  tell(String(i));
}
