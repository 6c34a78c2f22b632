/** How a view goes on while the store grows. */
import { type Bounds, clamped, type View } from "./view_range.ts";

/** `off`: it stays. `follow`: its end is the newest row, its beginning stays. `window`: it moves, as wide as it is. */
export const followModes = ["off", "follow", "window"] as const;
export type FollowMode = typeof followModes[number];

export const followTexts: Readonly<Record<FollowMode, string>> = {
  off: "Follow: off",
  follow: "Follow: all new rows",
  window: "Follow: fixed window",
};

export function parseFollow(text: string | undefined): FollowMode {
  return followModes.find((mode) => mode === text) ?? "off";
}

export function nextMode(mode: FollowMode): FollowMode {
  return followModes[(followModes.indexOf(mode) + 1) % followModes.length];
}

/** The view at the newest row. */
export function followed({ from, to }: View, mode: FollowMode, bounds: Bounds): View {
  if (mode === "off") return clamped({ from, to }, bounds);
  const start = mode === "follow" ? from : bounds.endRow - (to - from);
  return clamped({ from: Math.min(start, bounds.endRow - 1), to: bounds.endRow }, bounds);
}
