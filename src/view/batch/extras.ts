/** Text and bytes beside the rows of a batch, as the page shows them. */
import type { ExtraWindows } from "../../sample/batch.ts";
import type { BatchExtra } from "../protocol.ts";

const charactersMax = 200;

/** Text is cut; of bytes it is only said how many there are. */
export function extrasOf(extra: ExtraWindows | undefined): BatchExtra[] {
  return Object.entries(extra ?? {}).map(([name, windows]) => ({
    name,
    values: windows.map((window) => window.map(shownExtra)),
  }));
}

function shownExtra(value: string | Uint8Array | null): string | null {
  if (value === null) return null;
  if (typeof value !== "string") return `${value.byteLength} bytes`;
  return value.length <= charactersMax ? value : `${value.slice(0, charactersMax)}…`;
}
