/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What a pointer does on a plot: the wheel zooms about it, a drag moves, a drag with shift selects, a click points. */

export interface Gestures {
  /** The part of the plot, from 0 at the left to 1, that stays in its place; above 1 shows more. */
  zoom(at: number, factor: number): void;
  /** By a part of the plot's width; to the right shows what comes before. */
  pan(part: number): void;
  /** While a selection is drawn, and when it is done. */
  select(from: number, to: number, isDone: boolean): void;
  click(at: number): void;
  /** Null where the pointer is elsewhere. */
  hover(at: number | null): void;
}

/** A pointer that moves less is one that clicks; CSS pixels. */
const clickPixels = 4;
const zoomAPixel = 0.002;
/** Of a wheel that counts in lines, or in pages. */
const linePixels = 20;
const pagePixels = 400;

export function listen(plot: HTMLElement, gestures: Gestures): void {
  const partOf = ({ clientX }: MouseEvent) => {
    const { left, width } = plot.getBoundingClientRect();
    return (clientX - left) / Math.max(1, width);
  };
  let drag: { readonly start: number; readonly isSelection: boolean; at: number; hasMoved: boolean } | null =
    null;

  plot.addEventListener("wheel", (event) => {
    event.preventDefault();
    const unit = [1, linePixels, pagePixels][event.deltaMode] ?? 1;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      gestures.pan(-unit * event.deltaX / plot.clientWidth);
    } else gestures.zoom(partOf(event), Math.exp(zoomAPixel * unit * event.deltaY));
  }, { passive: false });

  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    plot.setPointerCapture(event.pointerId);
    const at = partOf(event);
    drag = { start: at, isSelection: event.shiftKey, at, hasMoved: false };
    // Shift would else select the page's text.
    event.preventDefault();
  });

  plot.addEventListener("pointermove", (event) => {
    const at = partOf(event);
    gestures.hover(at >= 0 && at <= 1 ? at : null);
    if (drag === null) return;
    drag.hasMoved ||= Math.abs(at - drag.start) * plot.clientWidth >= clickPixels;
    if (!drag.hasMoved) return;
    if (drag.isSelection) gestures.select(Math.min(drag.start, at), Math.max(drag.start, at), false);
    else gestures.pan(at - drag.at);
    drag.at = at;
  });

  plot.addEventListener("pointerup", (event) => {
    const ended = drag;
    drag = null;
    if (ended === null) return;
    const at = partOf(event);
    if (!ended.hasMoved) gestures.click(at);
    else if (ended.isSelection) gestures.select(Math.min(ended.start, at), Math.max(ended.start, at), true);
  });

  plot.addEventListener("pointercancel", () => drag = null);
  plot.addEventListener("pointerleave", () => drag === null && gestures.hover(null));
}
