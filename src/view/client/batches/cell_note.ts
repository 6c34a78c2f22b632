/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What is said of a cell of a batch: its value, the row that it is of, or that there is none. */
import type { BatchAnswer, BatchField } from "../../protocol.ts";
import { element } from "../element.ts";
import type { Page } from "../screen.ts";
import { stateLink, streamAt, tableAt } from "../links.ts";
import { grouped, shownText } from "../text.ts";
import { kindOf, placeOf } from "./field_values.ts";
import type { Cell } from "./map_layout.ts";

export function cellNote(page: Page, answer: BatchAnswer, field: BatchField, cell: Cell): HTMLElement {
  const { window, row: place, value } = cell;
  const at = window * field.shape[1] + place;
  const row = field.rows[at];
  const where = [`window ${window}`, placeText(field, place)];
  if (field.shape[2] > 1) where.push(`value ${value}`);
  const note = element("div", "cell-note", element("b", "", nameOf(field, at)), ` · ${where.join(" · ")} · `);
  note.append(element("span", "cell-value", valueText(field, cell)));
  if (row !== null) {
    note.append(
      ` · row ${grouped(row)} · step ${shownText(field.steps[at])} · `,
      stateLink(page, "stream", "this row in the stream", { ...streamAt(row, row + 1), row: String(row) }),
      " ",
      stateLink(page, "table", "this row in the table", tableAt(row)),
    );
  }
  for (const { name, values } of answer.extras) {
    const text = values[window]?.[place];
    if (typeof text === "string") note.append(element("div", "cell-extra", `${name}: ${text}`));
  }
  return note;
}

const nameOf = ({ name, types }: BatchField, at: number) => types?.[at] ?? name;

function placeText({ offsets, types }: BatchField, place: number): string {
  if (offsets !== null) return `offset ${offsets[place] > 0 ? "+" : ""}${offsets[place]}`;
  return `${types === null ? "step" : "token"} ${place}`;
}

function valueText(field: BatchField, cell: Cell): string {
  const value = shownText(field.values[placeOf(field, cell)]);
  const kind = kindOf(field, cell);
  if (kind === "value") return value;
  if (kind === "missing") return `the row has no value here; the batch holds ${value}, and the mask 0`;
  return field.offsets === null
    ? `padding; the batch holds ${value}`
    : `outside of the episode; the batch holds ${value}`;
}
