/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Which fields a batch has: how wide, in which dtype, at which offsets. */
import type { FieldOverview } from "../../protocol.ts";
import { element } from "../element.ts";
import { checkbox, choose, select, textInput } from "../form_parts.ts";
import { fieldOption, offsetsText, parseOffsets, plainField, widthOf } from "./options.ts";

const dtypes = ["float32", "float64", "float16", "bfloat16", "uint8", "uint16", "int32", "int64"];

interface FieldInputs {
  readonly name: string;
  readonly use: HTMLInputElement;
  readonly width: HTMLInputElement;
  readonly offsets: HTMLInputElement;
  readonly dtype: HTMLSelectElement;
}

export class FieldsForm {
  readonly host: HTMLElement;
  readonly #inputs: readonly FieldInputs[];
  readonly #overviews: readonly FieldOverview[];

  constructor(fields: readonly FieldOverview[]) {
    this.#overviews = fields;
    this.#inputs = fields.map(({ name }) => ({
      name,
      use: checkbox(`field ${name}`),
      width: textInput(`width ${name}`, "width"),
      offsets: textInput(`offsets ${name}`, "offsets"),
      dtype: select(`dtype ${name}`, [
        ["", "float32"],
        ...dtypes.slice(1).map((dtype) => [dtype, dtype] as const),
      ]),
    }));
    const titles = ["field", "width", "offsets", "dtype"];
    const rows = this.#inputs.map(({ name, use, width, offsets, dtype }) => {
      width.size = 3;
      offsets.size = 6;
      offsets.title = "rows around the anchor, as -1, 0 or 0..15; then there are no steps";
      const cells = [element("label", "", use, name), width, offsets, dtype];
      return element("tr", "", ...cells.map((cell) => element("td", "", cell)));
    });
    const head = element("tr", "", ...titles.map((title) => element("th", "", title)));
    this.host = element("table", "batch-fields", element("thead", "", head), element("tbody", "", ...rows));
  }

  /** What the options say; undefined where none is chosen: then windows come as tokens. */
  get fields(): Readonly<Record<string, unknown>> | undefined {
    const chosen = this.#inputs.filter(({ use }) => use.checked);
    if (chosen.length === 0) return undefined;
    return Object.fromEntries(chosen.map(({ name, width, offsets, dtype }) => {
      const parsed = parseOffsets(offsets.value);
      return [
        name,
        plainField({
          width: Number(width.value),
          dtype: dtype.value || undefined,
          // The library says what is wrong with what is no list of offsets.
          offsets: parsed === null ? [offsets.value as never] : parsed,
        }),
      ];
    }));
  }

  show(fields: unknown): void {
    const given = typeof fields === "object" && fields !== null
      ? fields as Readonly<Record<string, unknown>>
      : {};
    this.#inputs.forEach(({ name, use, width, offsets, dtype }, at) => {
      use.checked = Object.hasOwn(given, name);
      const option = use.checked ? fieldOption(given[name]) : { width: widthOf(this.#overviews[at]) };
      width.value = String(option.width);
      offsets.value = offsetsText(option.offsets);
      choose(dtype, option.dtype ?? "");
    });
  }
}
