/** A robot's observations and actions: value `i` of a row's field is its step + i, or as much below 0. */
import { range, StreamStore } from "../../mod.ts";

export const robotWidth = 26;
export const rowsPerEpisode = 400;
const rowsPerFill = 50_000;

export function robotStore(rowCount: number) {
  const store = new StreamStore({ observation: "float32", action: "float32" });
  for (let from = 0; from < rowCount; from += rowsPerFill) {
    const count = Math.min(rowsPerFill, rowCount - from);
    const values = Float32Array.from(
      { length: count * robotWidth },
      (_, i) => from + Math.floor(i / robotWidth) + i % robotWidth,
    );
    store.appendColumns({
      step: Float64Array.from({ length: count }, (_, i) => from + i),
      observation: { values, width: robotWidth },
      action: { values: values.map((value) => -value), width: robotWidth },
    });
  }
  return store;
}

/** A policy's windows: the observation before and now, and a chunk of the actions to come. */
export function windowsAroundAnchors(rowCount: number) {
  const starts = range(0, Math.ceil(rowCount / rowsPerEpisode)).map((episode) => episode * rowsPerEpisode);
  return {
    fields: {
      observation: { width: robotWidth, offsets: [-1, 0] },
      action: { width: robotWidth, offsets: range(0, 16) },
    },
    episodes: { starts },
  } as const;
}
