/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** A part of a form: names before what is to be filled in. */
import { element } from "./element.ts";

export function labelled(name: string, title: string, ...inputs: readonly HTMLElement[]): HTMLLabelElement {
  const label = element("label", "", element("span", "", name), ...inputs);
  label.title = title;
  return label;
}

export function textInput(name: string, placeholder = ""): HTMLInputElement {
  const input = element("input");
  input.name = name;
  input.placeholder = placeholder;
  input.autocomplete = "off";
  input.spellcheck = false;
  return input;
}

export function checkbox(name: string): HTMLInputElement {
  const input = element("input");
  input.type = "checkbox";
  input.name = name;
  return input;
}

export function select(
  name: string,
  values: readonly (readonly [value: string, text: string])[],
): HTMLSelectElement {
  const made = element("select");
  made.name = name;
  for (const [value, text] of values) {
    const option = element("option", "", text);
    option.value = value;
    made.append(option);
  }
  return made;
}

/** Where a value is not among those that can be chosen, the first is. */
export function choose(select: HTMLSelectElement, value: string): void {
  select.value = value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}

/** Values that are chosen among several, each with a box of its own. */
export class Choices {
  readonly host = element("div", "choices");
  readonly #boxes = new Map<string, HTMLInputElement>();

  constructor(name: string, values: readonly string[]) {
    for (const value of values) {
      const box = checkbox(name);
      box.value = value;
      this.#boxes.set(value, box);
      this.host.append(element("label", "", box, value));
    }
  }

  get chosen(): string[] {
    return Array.from(this.#boxes).filter(([, box]) => box.checked).map(([value]) => value);
  }

  set chosen(values: readonly string[]) {
    for (const [value, box] of this.#boxes) box.checked = values.includes(value);
  }
}
