/** What keys do to a view. */
import { type Bounds, clamped, panned, type View, wholeOf, zoomed } from "./view_range.ts";

/** The view that a key leads to, or null for a key that moves nothing. */
export function viewOfKey(key: string, view: View, bounds: Bounds): View | null {
  const { from, to } = view;
  const width = to - from;
  const middle = from + width / 2;
  switch (key) {
    case "ArrowLeft":
      return panned(view, -width / 4, bounds);
    case "ArrowRight":
      return panned(view, width / 4, bounds);
    case "Home":
      return clamped({ from: bounds.firstRow, to: bounds.firstRow + width }, bounds);
    case "End":
      return clamped({ from: bounds.endRow - width, to: bounds.endRow }, bounds);
    case "+":
    case "=":
      return zoomed(view, middle, 0.5, bounds);
    case "-":
      return zoomed(view, middle, 2, bounds);
    case "0":
      return wholeOf(bounds);
    default:
      return null;
  }
}
