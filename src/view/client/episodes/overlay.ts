/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Episodes over each other in one chart, by their rows. */
import type { CurveAnswer } from "../../protocol.ts";
import { element } from "../element.ts";
import { numberText } from "../text.ts";

const [left, bottom, top] = [64, 22, 8];

export class Overlay {
  readonly host = element("div", "overlay");
  readonly #canvas = element("canvas");

  constructor() {
    this.#canvas.setAttribute("role", "img");
    this.host.append(this.#canvas);
  }

  /** Columns that an episode as long as the longest has. */
  get columns(): number {
    return Math.max(
      1,
      Math.min(4096, Math.floor((this.host.clientWidth - left) * Math.min(2, devicePixelRatio))),
    );
  }

  draw(curves: readonly CurveAnswer[], colours: readonly string[]): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    const canvas = this.#canvas;
    const scale = Math.min(2, devicePixelRatio);
    [canvas.width, canvas.height] = [width * scale, height * scale];
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d")!;
    context.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const ink = (name: string) => style.getPropertyValue(name).trim();
    const [min, max] = rangeOf(curves);
    const rows = Math.max(1, ...curves.map(({ length }) => length));
    const x = (place: number) => left + (rows === 1 ? 0 : place / (rows - 1)) * (width - left - 8);
    const y = (value: number) => {
      const part = min === max ? 0.5 : (value / 2 - min / 2) / (max / 2 - min / 2);
      return height - bottom - part * (height - bottom - top);
    };
    drawFrame(context, { width, height, line: ink("--line"), muted: ink("--muted"), min, max, rows });
    curves.forEach(({ columns }, i) => {
      context.strokeStyle = ink(colours[i]);
      context.lineWidth = 1.5;
      context.beginPath();
      let isDown = false;
      for (const [place, low, high] of columns) {
        if (low === null || high === null) {
          isDown = false;
          continue;
        }
        if (isDown) context.lineTo(x(place), y(low));
        else context.moveTo(x(place), y(low));
        context.lineTo(x(place), y(high) + (low === high ? 0.01 : 0));
        isDown = true;
      }
      context.stroke();
    });
  }
}

function rangeOf(curves: readonly CurveAnswer[]): readonly [number, number] {
  let [min, max] = [Infinity, -Infinity];
  for (const { columns } of curves) {
    for (const [, low, high] of columns) {
      if (low !== null && low < min) min = low;
      if (high !== null && high > max) max = high;
    }
  }
  return min <= max ? [min, max] : [0, 1];
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly line: string;
  readonly muted: string;
  readonly min: number;
  readonly max: number;
  readonly rows: number;
}

function drawFrame(
  context: CanvasRenderingContext2D,
  { width, height, line, muted, min, max, rows }: Frame,
): void {
  context.strokeStyle = line;
  context.strokeRect(left - 0.5, top - 0.5, width - left - 7, height - bottom - top + 1);
  context.fillStyle = muted;
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "right";
  context.fillText(numberText(max), left - 6, top + 9);
  context.fillText(numberText(min), left - 6, height - bottom);
  context.fillText(`row ${rows - 1} of the episode`, width - 8, height - 7);
  context.textAlign = "left";
  context.fillText("row 0", left, height - 7);
}
