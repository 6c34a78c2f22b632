/** A Worker that does what ended_opener.ts does, once for every order. */
import { contend, type OpenerOrder, takeOver } from "./ended_opener.ts";

interface Scope {
  onmessage: ((event: { data: OpenerOrder & { task: "contend" | "takeOver" } }) => void) | null;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = async ({ data }) => {
  scope.postMessage(data.task === "contend" ? contend(data) : await takeOver(data));
};

scope.postMessage("ready");
