/** Ctrl-C: what was begun is taken away, and the process ends as one that was interrupted. */
import process from "node:process";
import { exitCode } from "./exit.ts";

/** Has the process end with 130 from here on, after `clear` has taken away what is half made. Returns what ends that. */
export function onInterrupt(clear: () => void = () => {}): () => void {
  const end = () => {
    try {
      clear();
    } finally {
      process.exit(exitCode.interrupted);
    }
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}
