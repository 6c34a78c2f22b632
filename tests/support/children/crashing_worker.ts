/** A Worker that says it is ready, and fails at the first thing it is asked for. */
interface Scope {
  onmessage: (() => void) | null;
  postMessage(report: unknown): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = () => {
  throw new Error("out of luck");
};

scope.postMessage({ kind: "ready", thread: 0 });
