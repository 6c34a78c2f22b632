/** A Worker that writes a store until it ends, which it does without closing the store. */
import { StreamStore } from "../../../mod.ts";
import { contentOf, fields } from "../../torture/content.ts";

export interface WriterOrder {
  readonly path: string;
  /** An Int32Array's: gets the number of rows from which `append` has returned. */
  readonly count: SharedArrayBuffer;
  /** In the midst of its work or with nothing to do, ended by somebody else; or by itself; or by an error. */
  readonly end: "busy" | "idle" | "close" | "throw";
}

interface Scope {
  onmessage: ((event: { data: WriterOrder }) => void) | null;
  postMessage(message: string): void;
  close(): void;
  store?: unknown;
}

const scope = globalThis as unknown as Scope;
const rowsMax = 3000;

scope.onmessage = ({ data: { path, count, end } }) => {
  const store = StreamStore.open(path, { fields, capacity: 4096 });
  // Kept, so that the garbage collector does not close it.
  scope.store = store;
  const appended = new Int32Array(count);
  const append = () => {
    const step = store.rowCount;
    store.append(step, { ...contentOf(step) });
    Atomics.store(appended, 0, step + 1);
    if (step % 700 === 0) store.flush();
  };
  append();
  scope.postMessage("open");
  const rowsEnd = store.rowCount + rowsMax;
  if (end === "busy") return appendBursts(() => store.rowCount < rowsEnd && append());
  while (store.rowCount < rowsEnd) append();
  if (end === "close") scope.close();
  if (end === "throw") throw new Error("out of luck");
};

/** Deno ends a Worker only where it returns to its event loop, Bun anywhere. */
function appendBursts(append: () => void): void {
  for (let row = 0; row < 40; row++) append();
  setTimeout(appendBursts, 0, append);
}

scope.postMessage("ready");
