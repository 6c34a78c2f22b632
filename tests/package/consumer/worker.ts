/** A Worker that reads the store whose path it is sent, once it has said that it listens: imports take their time. */
import { StreamStore } from "@streamstore/streamstore";

declare const self: {
  onmessage: (event: { data: string }) => void;
  postMessage(message: number | "ready"): void;
  close(): void;
};

self.onmessage = ({ data: path }) => {
  const store = StreamStore.open(path, { mode: "read", fields: { reward: 0 } });
  const { values } = store.column("reward");
  self.postMessage(values.reduce((total, value) => total + value, 0));
  store.close();
  self.close();
};
self.postMessage("ready");
