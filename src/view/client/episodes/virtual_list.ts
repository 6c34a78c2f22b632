/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** A list of any length of which only what is seen is there. Heights of elements end at some ten million pixels: beyond, scrolling is scaled. */
import { element } from "../element.ts";

const itemPixels = 26;
const pixelsMax = 8_000_000;

export class VirtualList {
  readonly host = element("div", "virtual-list");
  readonly #space = element("div", "virtual-space");
  readonly #render: (index: number) => HTMLElement;
  #count = 0;
  #current = -1;

  /** @param render An item, which is asked for each time that it comes into view, or `refresh` is called. */
  constructor(render: (index: number) => HTMLElement) {
    this.#render = render;
    this.host.append(this.#space);
    this.host.addEventListener("scroll", () => this.refresh());
  }

  get count(): number {
    return this.#count;
  }

  set count(count: number) {
    this.#count = count;
    this.#space.style.height = `${Math.min(pixelsMax, count * itemPixels)}px`;
    this.refresh();
  }

  /** The item that keys are about. */
  get current(): number {
    return this.#current;
  }

  set current(index: number) {
    this.#current = Math.max(-1, Math.min(this.#count - 1, index));
    this.#reveal();
    this.refresh();
  }

  /** The items that are seen, the last one without. */
  get seen(): readonly [number, number] {
    const first = Math.floor(this.#top / itemPixels);
    return [
      Math.max(0, first),
      Math.min(this.#count, first + Math.ceil(this.host.clientHeight / itemPixels) + 1),
    ];
  }

  refresh(): void {
    const [from, to] = this.seen;
    const shift = this.host.scrollTop - this.#top;
    const items = Array.from({ length: Math.max(0, to - from) }, (_, i) => {
      const item = this.#render(from + i);
      item.classList.add("virtual-item");
      item.classList.toggle("current", from + i === this.#current);
      item.style.top = `${(from + i) * itemPixels + shift}px`;
      return item;
    });
    this.#space.replaceChildren(...items);
  }

  /** Pixels of items before what is seen, as if all had their height. */
  get #top(): number {
    const { scrollTop, clientHeight } = this.host;
    const whole = this.#count * itemPixels;
    if (whole <= pixelsMax) return scrollTop;
    return scrollTop / (pixelsMax - clientHeight) * (whole - clientHeight);
  }

  #reveal(): void {
    const { clientHeight } = this.host;
    const [top, whole] = [this.#current * itemPixels, this.#count * itemPixels];
    const isAbove = top < this.#top;
    if (!isAbove && top + itemPixels <= this.#top + clientHeight) return;
    const wanted = Math.max(0, isAbove ? top : top + itemPixels - clientHeight);
    this.host.scrollTop = whole <= pixelsMax
      ? wanted
      : wanted / (whole - clientHeight) * (pixelsMax - clientHeight);
  }
}
