/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Which series are shown: a box to tick for every field, and for every element of lists. */
import type { FieldOverview } from "../../protocol.ts";
import { element } from "../element.ts";
import { colourName } from "../series_colour.ts";
import { seriesOf } from "./series_names.ts";

const elementsMax = 512;
/** Lists are open where they have no more elements. */
const openMax = 8;

export class SeriesList {
  readonly host = element("div", "series-list");
  readonly #boxes = new Map<string, HTMLInputElement>();
  readonly #onChange: (series: readonly string[]) => void;

  constructor(
    parent: HTMLElement,
    fields: readonly FieldOverview[],
    onChange: (series: readonly string[]) => void,
  ) {
    this.#onChange = onChange;
    const names = fields.map(({ name }) => name);
    for (const field of fields) {
      const series = seriesOf(field, elementsMax);
      const rows = series.map((name) => this.#box(name, colourName(names, name)));
      if (series.length === 1 && series[0] === field.name) {
        this.host.append(...rows);
        continue;
      }
      const list = element(
        "details",
        "",
        element("summary", "", `${field.name} [${field.width?.[1] ?? 0}]`),
        ...rows,
      );
      list.open = rows.length <= openMax;
      this.host.append(list);
    }
    parent.append(this.host);
  }

  #box(name: string, property: string): HTMLElement {
    const box = element("input");
    box.type = "checkbox";
    box.dataset.series = name;
    box.addEventListener("change", () => this.#onChange(this.#chosen()));
    this.#boxes.set(name, box);
    const mark = element("i", "mark");
    mark.style.background = `var(${property})`;
    return element("label", "", box, mark, name);
  }

  #chosen(): string[] {
    return [...this.#boxes].filter(([, box]) => box.checked).map(([name]) => name);
  }

  show(series: readonly string[]): void {
    for (const [name, box] of this.#boxes) box.checked = series.includes(name);
  }
}
