import type { Population, StoreWindows, WindowRule } from "./space.ts";

/** Why a store has no window to draw: which rule has left none. */
export function whyNone(windows: StoreWindows, population: Population, newestRows = Infinity): string {
  const { holder, rule: { unit, boundary } } = windows;
  const held = population.end - population.first;
  if (held <= 0) return `${holder} holds no ${unit}`;
  const valid = population.total - population.from;
  if (valid > 0) return `of ${valid} valid windows none has its anchor in the newest ${newestRows} rows`;
  if (boundary === "cross" || population.episodes <= 1) {
    return `${holder} holds ${held} ${unit}; boundary pad-left or pad-right would pad`;
  }
  const back = windows.findReturn();
  if (back === null) {
    return `each of ${population.episodes} episodes is shorter, and boundary within takes no other; pad-left or pad-right would pad`;
  }
  return `each of ${population.episodes} episodes is shorter: row ${back.row} comes back to the ID ${back.id} of row ` +
    `${back.earlier}, and an episode is one run of rows with the same ID; give each a store of its own and draw ` +
    "from them by StreamStore.mixture, or sort by the ID when loading";
}

/** The error of a draw from several stores, or environments of one, of which none has a window. */
export function drawnNothing(
  rule: WindowRule,
  all: readonly StoreWindows[],
  newestRows: number,
  many: string,
  name: string,
): RangeError {
  if (all.length === 0) return noWindow(rule, `${name} holds no ${rule.unit}`);
  const reason = whyNone(all[0], all[0].population(), newestRows);
  if (all.length === 1) return noWindow(rule, reason);
  const of = name === "sources" ? "of sources[0], " : "";
  return noWindow(rule, `${of}${reason}`, { among: ` in one of ${all.length} ${many}` });
}

/** The error of a draw from one or more sources that have no window. */
export function noWindow(
  { unit, length }: WindowRule,
  reason: string,
  { among = "", action = "Cannot sample" } = {},
): RangeError {
  return new RangeError(
    `${action}: there must be a valid window of ${length} ${unit}${among}, got none: ${reason}`,
  );
}
