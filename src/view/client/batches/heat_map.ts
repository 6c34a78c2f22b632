/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The heat map of a batch's field, on a canvas. */
import type { BatchField } from "../../protocol.ts";
import { element } from "../element.ts";
import { kindOf, numberOf, partOf, placeOf, type Range, rangeOf } from "./field_values.ts";
import { cssColour, heatColour } from "./heat_colour.ts";
import { type Cell, cellAt, cornerOf, layOut, type MapLayout, moved } from "./map_layout.ts";

export interface MapListener {
  /** The cell under the mouse or the keys, null where there is none. */
  point(map: HeatMap, cell: Cell | null): void;
  /** It was clicked, or Enter was pressed. */
  choose(map: HeatMap, cell: Cell): void;
}

const hatchPixels = 6;
const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class HeatMap {
  readonly host: HTMLElement;
  readonly field: BatchField;
  readonly layout: MapLayout;
  readonly range: Range | null;
  readonly #canvas = element("canvas", "heat");
  readonly #cursor = element("div", "heat-cursor");
  readonly #listener: MapListener;
  #cell: Cell | null = null;

  constructor(field: BatchField, widthAvailable: number, listener: MapListener) {
    this.field = field;
    this.range = rangeOf(field);
    this.layout = layOut(field.shape, widthAvailable);
    this.#listener = listener;
    this.#cursor.hidden = true;
    this.host = element("div", "heat-map", this.#canvas, this.#cursor);
    this.#canvas.tabIndex = 0;
    const { left, cellWidth, cellHeight, pitch } = this.layout;
    Object.assign(this.#canvas.dataset, { field: field.name, left, cellWidth, cellHeight, pitch });
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", `values of ${field.name}; arrow keys move between them`);
    this.#listen();
    this.draw();
  }

  /** Also where the colours of the page have changed. */
  draw(): void {
    const { canvasWidth, canvasHeight } = this.layout;
    const scale = Math.min(2, devicePixelRatio);
    const canvas = this.#canvas;
    canvas.width = canvasWidth * scale;
    canvas.height = canvasHeight * scale;
    canvas.style.width = `${canvasWidth}px`;
    canvas.style.height = `${canvasHeight}px`;
    const context = canvas.getContext("2d")!;
    context.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const inks = { panel: colour("--panel"), muted: colour("--muted"), warn: colour("--warn") };
    const hatches = {
      padding: hatch(context, inks.muted, false),
      missing: hatch(context, inks.muted, true),
    };
    const { windows, rows, width, cellWidth, cellHeight } = this.layout;
    for (let window = 0; window < windows; window++) {
      this.#drawNumber(context, window, inks.muted);
      for (let row = 0; row < rows; row++) {
        for (let value = 0; value < width; value++) {
          const cell = { window, row, value };
          const [x, y] = cornerOf(this.layout, cell);
          const kind = kindOf(this.field, cell);
          context.fillStyle = kind === "value" ? this.#colourOf(cell, inks.warn) : inks.panel;
          context.fillRect(x, y, cellWidth, cellHeight);
          if (kind === "value") continue;
          context.fillStyle = hatches[kind];
          context.fillRect(x, y, cellWidth, cellHeight);
        }
      }
    }
  }

  /** Marks a cell, and its row in maps of the same rows. */
  mark(cell: Cell | null): void {
    const { layout } = this;
    const isHere = cell !== null && cell.window < layout.windows && cell.row < layout.rows;
    this.#cursor.hidden = !isHere;
    if (!isHere) return;
    const isWhole = cell.value < 0;
    const [x, y] = cornerOf(layout, isWhole ? { ...cell, value: 0 } : cell);
    const height = isWhole ? layout.cellHeight * layout.width : layout.cellHeight;
    Object.assign(this.#cursor.style, {
      left: `${x - 1}px`,
      top: `${y - 1}px`,
      width: `${layout.cellWidth + 2}px`,
      height: `${height + 2}px`,
    });
  }

  #colourOf(cell: Cell, warn: string): string {
    const value = numberOf(this.field.values[placeOf(this.field, cell)]);
    return Number.isFinite(value) && this.range !== null
      ? cssColour(heatColour(partOf(this.range, value)))
      : warn;
  }

  #drawNumber(context: CanvasRenderingContext2D, window: number, ink: string): void {
    const { pitch, left, cellHeight, width } = this.layout;
    context.fillStyle = ink;
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    context.textBaseline = "middle";
    if (pitch >= 10) context.fillText(String(window), left - 8, window * pitch + cellHeight * width / 2);
  }

  #listen(): void {
    const canvas = this.#canvas;
    canvas.addEventListener("mousemove", ({ offsetX, offsetY }) => {
      this.#point(cellAt(this.layout, offsetX, offsetY));
    });
    canvas.addEventListener("mouseleave", () => this.#point(null));
    canvas.addEventListener("click", ({ offsetX, offsetY }) => {
      const cell = cellAt(this.layout, offsetX, offsetY);
      if (cell !== null) this.#listener.choose(this, cell);
    });
    canvas.addEventListener("focus", () => this.#point(this.#cell ?? { window: 0, row: 0, value: 0 }));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const way = arrows[event.key];
    const cell = this.#cell ?? { window: 0, row: 0, value: 0 };
    if (way !== undefined) this.#point(moved(this.layout, cell, ...way));
    else if (event.key === "Enter") this.#listener.choose(this, cell);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #point(cell: Cell | null): void {
    this.#cell = cell ?? this.#cell;
    this.#listener.point(this, cell);
  }
}

/** Lines from corner to corner: of padding one way, of what a row lacks both ways. */
function hatch(context: CanvasRenderingContext2D, ink: string, isCrossed: boolean): CanvasPattern {
  const tile = document.createElement("canvas");
  tile.width = tile.height = hatchPixels;
  const lines = tile.getContext("2d")!;
  lines.strokeStyle = ink;
  lines.lineWidth = 1;
  const draw = (x0: number, y0: number, x1: number, y1: number) => {
    lines.beginPath();
    lines.moveTo(x0, y0);
    lines.lineTo(x1, y1);
    lines.stroke();
  };
  const end = hatchPixels + 1;
  draw(-1, end, end, -1);
  if (isCrossed) draw(-1, -1, end, end);
  return context.createPattern(tile, "repeat")!;
}
