/** A Worker that gathers from a store longer than any test looks; says when it is ready for a path, and when it has begun. */
import { StreamStore } from "../../../mod.ts";

interface Scope {
  onmessage: ((event: { data: string }) => void) | null;
  postMessage(message: string): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data: path }) => {
  const store = StreamStore.open(path, { mode: "read" });
  const starts = Float64Array.from({ length: 4096 }, (_, i) => (i * 7919) % (store.length - 128));
  const out = store.gather(starts, 128);
  scope.postMessage("gathering");
  // Not without end: Deno leaves a Worker that never waits running when it is ended, to the end of the whole suite.
  const end = performance.now() + 3000;
  while (performance.now() < end) store.gather(starts, 128, out);
};

// A message that comes before the module has been evaluated would be lost.
scope.postMessage("ready");
