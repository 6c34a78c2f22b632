/** Which features become extras of the store. */
import { describe } from "../../fields.ts";
import type { FoundColumn } from "../columns.ts";
import { type ExtraForm, kindOfForm, parseChoice } from "../extras/wanted.ts";
import { numberTypes } from "../value_types.ts";
import type { Info } from "./info.ts";
import { loading } from "./refusals.ts";
import { taskExtra } from "./task_texts.ts";
import type { LeRobotFeature } from "./types.ts";

/** As what each feature can be kept, and the text of a frame's task. `found` are the columns of the first data file. */
export function extraForms(info: Info, found: readonly FoundColumn[]): ReadonlyMap<string, ExtraForm> {
  const forms = new Map<string, ExtraForm>();
  for (const [name, { dtype }] of info.features) {
    const form = found.find((column) => column.name === name)?.form;
    if (form !== undefined && dtype !== "video" && !numberTypes.includes(dtype)) forms.set(name, form);
  }
  if (info.taskCount > 0 && !info.features.has(taskExtra)) forms.set(taskExtra, "string");
  return forms;
}

/** Why a feature is no field that holds no numbers. */
export function reasonOf({ dtype }: LeRobotFeature, form: ExtraForm | undefined): string {
  const what = dtype === "image" ? "it is an image" : form === "string" ? "it is text" : "it holds bytes";
  if (dtype === "video") return "it is a video, which a store does not hold";
  if (form !== undefined) return `${what}, which the option extra takes`;
  return dtype === "image"
    ? "it is an image, of which the files have no column"
    : `its values are of dtype ${dtype}, and the files have no column of text or bytes`;
}

/** Those that are asked for, each with what it is kept as. */
export function chooseExtras(
  info: Info,
  choice: unknown,
  forms: ReadonlyMap<string, ExtraForm>,
): ReadonlyMap<string, ExtraForm> {
  const asked = choice === undefined ? false : parseChoice(choice, loading);
  if (asked === true) return forms;
  const chosen = new Map<string, ExtraForm>();
  if (asked === false) return chosen;
  for (const [name, form] of asked) {
    const known = forms.get(name);
    if (known === undefined) {
      const feature = info.features.get(name);
      const why = feature === undefined
        ? "there is none"
        : numberTypes.includes(feature.dtype)
        ? "it holds numbers"
        : reasonOf(feature, undefined);
      throw new TypeError(
        `Cannot ${loading}: extra must name features of text or images (${
          [...forms.keys()].join(", ") || "none"
        }), got ${describe(name)}: ${why}`,
      );
    }
    const isTask = name === taskExtra && !info.features.has(name);
    if (isTask && form !== null && kindOfForm(form) !== "string") {
      throw new TypeError(`Cannot ${loading}: extra.${name} must be string, got ${form}`);
    }
    chosen.set(name, form ?? known);
  }
  return chosen;
}
