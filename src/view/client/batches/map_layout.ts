/** Where the cells of a batch's field stand in its heat map: windows under each other, rows from left to right. */

export interface MapLayout {
  readonly windows: number;
  /** Rows of each window that are drawn. */
  readonly rows: number;
  readonly width: number;
  /** Pixels of a cell. */
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** From the top of one window to that of the next. */
  readonly pitch: number;
  readonly left: number;
  readonly canvasWidth: number;
  readonly canvasHeight: number;
}

/** What a canvas of a browser holds for sure. */
const pixelsMax = 8192;
const cellWidthMax = 28;
const gap = 5;
/** For the numbers of the windows. */
const left = 30;

export function layOut(
  [windows, rows, width]: readonly [number, number, number],
  widthAvailable: number,
): MapLayout {
  const drawn = Math.min(rows, pixelsMax - left);
  const cellWidth = Math.max(1, Math.min(cellWidthMax, Math.floor((widthAvailable - left) / drawn)));
  const wanted = width === 1 ? 18 : width <= 4 ? 11 : width <= 16 ? 7 : width <= 64 ? 4 : 2;
  const room = Math.floor((pixelsMax / windows - gap) / width);
  const cellHeight = Math.max(1, Math.min(wanted, room));
  const pitch = cellHeight * width + gap;
  return {
    windows,
    rows: drawn,
    width,
    cellWidth,
    cellHeight,
    pitch,
    left,
    canvasWidth: left + drawn * cellWidth,
    canvasHeight: Math.min(pixelsMax, pitch * windows),
  };
}

/** A value of a batch's field: its window, its row in it, and its place among the row's values. */
export interface Cell {
  readonly window: number;
  readonly row: number;
  readonly value: number;
}

/** The upper left corner of a cell. */
export function cornerOf(layout: MapLayout, { window, row, value }: Cell): readonly [x: number, y: number] {
  return [layout.left + row * layout.cellWidth, window * layout.pitch + value * layout.cellHeight];
}

/** The cell at a point, or null between windows. */
export function cellAt(layout: MapLayout, x: number, y: number): Cell | null {
  const window = Math.floor(y / layout.pitch);
  const value = Math.floor((y - window * layout.pitch) / layout.cellHeight);
  const row = Math.floor((x - layout.left) / layout.cellWidth);
  const isInside = window >= 0 && window < layout.windows && row >= 0 && row < layout.rows &&
    value < layout.width;
  return isInside ? { window, row, value } : null;
}

/** The cell next to one: over the last value of a window begins the next window. */
export function moved(layout: MapLayout, cell: Cell, right: number, down: number): Cell {
  const last = layout.windows * layout.width - 1;
  const line = Math.min(last, Math.max(0, cell.window * layout.width + cell.value + down));
  return {
    window: Math.floor(line / layout.width),
    value: line % layout.width,
    row: Math.min(layout.rows - 1, Math.max(0, cell.row + right)),
  };
}
