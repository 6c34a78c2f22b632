/** A Worker that appends one step to a new store, and then only waits; says when it is ready for a path, and when it has. */
import { StreamStore } from "../../../mod.ts";

interface Scope {
  onmessage: ((event: { data: string }) => void) | null;
  postMessage(message: string): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data: path }) => {
  const store = StreamStore.open(path, { fields: { a: 0 } });
  store.append(0, { a: 1 });
  scope.postMessage("appended");
};

// A message that comes before the module has been evaluated would be lost.
scope.postMessage("ready");
