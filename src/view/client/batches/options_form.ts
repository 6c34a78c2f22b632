/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The options of a sampler as a form. What it has no input for stays as it is in the address. */
import type { Overview } from "../../protocol.ts";
import { element } from "../element.ts";
import { checkbox, Choices, choose, labelled, select, textInput } from "../form_parts.ts";
import { FieldsForm } from "./fields_form.ts";
import type { Options } from "./options.ts";

const plain = (...values: readonly string[]) => values.map((value) => [value, value] as const);

export class OptionsForm {
  readonly host = element("form", "batch-form");
  readonly #fields: FieldsForm;
  readonly #end: Choices;
  readonly #extra: Choices;
  readonly #rule: HTMLSelectElement;
  readonly #id: HTMLSelectElement;
  readonly #environment: HTMLSelectElement;
  readonly #sessions = select("sessions", [["", "split"], ["join", "join"]]);
  readonly #boundary = select("boundary", [
    ["", "as usual"],
    ...plain("within", "pad-left", "pad-right", "cross", "edge", "zero"),
  ]);
  readonly #order = select("order", [
    ...plain("uniform", "shuffle", "sequential"),
    ["recent steps", "recent, of rows"],
    ["recent decay", "recent, by decay"],
    ["prioritized", "prioritized"],
  ]);
  readonly #orderNumber = textInput("orderNumber", "rows");
  readonly #texts = {
    steps: textInput("steps"),
    tokens: textInput("tokens"),
    batchSize: textInput("batchSize", "8"),
    seed: textInput("seed", "0"),
    stride: textInput("stride", "1"),
    epochs: textInput("epochs"),
  };
  readonly #between = [textInput("betweenFrom", "step"), textInput("betweenTo", "no end")] as const;
  readonly #normalize = checkbox("normalize");
  readonly #truncate = checkbox("truncate");
  #others: Options = {};

  constructor({ fields, extras }: Overview, onChange: (options: Options) => void) {
    const names = fields.map(({ name }) => name);
    this.#fields = new FieldsForm(fields);
    this.#end = new Choices("end", names);
    this.#extra = new Choices("extra", extras.map(({ name }) => name));
    this.#rule = select("episodes", [["", "none"], ["end", "by their end"], ["id", "by an ID"], [
      "rows",
      "each row",
    ]]);
    this.#id = select("id", plain(...names));
    this.#environment = select("environment", [["", "none"], ...plain(...names)]);
    this.#build(extras.length > 0);
    const changed = () => {
      this.#showParts();
      onChange(this.options);
    };
    this.host.addEventListener("change", changed);
    this.host.addEventListener("submit", (event) => {
      event.preventDefault();
      changed();
    });
  }

  #build(hasExtras: boolean): void {
    const { steps, tokens, batchSize, seed, stride, epochs } = this.#texts;
    for (const input of [...Object.values(this.#texts), ...this.#between, this.#orderNumber]) input.size = 7;
    const parts: (Node | string)[] = [
      element("h3", "", "Windows"),
      labelled("steps", "rows a window", steps),
      labelled("tokens", "tokens a window, or to so many windows of rows are padded", tokens),
      labelled("batch size", "windows a batch, up to 64", batchSize),
      this.#fields.host,
      element("h3", "", "Episodes"),
      labelled("episodes", "where episodes are told apart", this.#rule),
      labelled("end", "fields that are true in the last row of an episode", this.#end.host),
      labelled("ID", "the field whose change begins another episode", this.#id),
      labelled("environment", "the field that says of which environment a row is", this.#environment),
      labelled("sessions", "episodes that a writer left unfinished", this.#sessions),
      labelled("boundary", "what becomes of windows at the ends of episodes", this.#boundary),
      element("h3", "", "Draw"),
      labelled("order", "which windows are drawn, in which order", this.#order, this.#orderNumber),
      labelled("seed", "a whole number: the same windows every time", seed),
      labelled("stride", "rows between the anchors of windows", stride),
      labelled("epochs", "ends after so many", epochs),
      labelled("between steps", "rows of these steps only, without the last", ...this.#between),
      labelled("normalize", "by the mean and deviation of each field", this.#normalize),
      labelled("truncate", "cuts rows that are wider than their field", this.#truncate),
    ];
    if (hasExtras) parts.push(labelled("extra", "text and bytes beside the rows", this.#extra.host));
    const draw = element("button", "", "Draw");
    draw.type = "submit";
    this.host.append(...parts, draw);
  }

  /** Only what goes with what is chosen. */
  #showParts(): void {
    const rule = this.#rule.value;
    const hide = (input: HTMLElement, isHidden: boolean) => {
      input.closest<HTMLElement>(".batch-form > label")!.hidden = isHidden;
    };
    hide(this.#end.host, rule !== "end");
    hide(this.#environment, rule !== "end");
    hide(this.#sessions, rule !== "end");
    hide(this.#id, rule !== "id");
    const order = this.#order.value;
    this.#orderNumber.hidden = !order.startsWith("recent");
    this.#orderNumber.placeholder = order === "recent decay" ? "0 to 1" : "rows";
    hide(this.#texts.epochs, order !== "shuffle" && order !== "sequential");
  }

  get options(): Options {
    const { steps, tokens, batchSize, seed, stride, epochs } = this.#texts;
    const hasEpochs = this.#order.value === "shuffle" || this.#order.value === "sequential";
    const [from, to] = this.#between.map(({ value }) => value.trim());
    const given: Options = {
      ...this.#others,
      steps: numberOf(steps.value),
      tokens: numberOf(tokens.value),
      fields: this.#fields.fields,
      episodes: this.#episodes,
      boundary: this.#boundary.value || undefined,
      order: this.#chosenOrder,
      stride: numberOf(stride.value),
      epochs: hasEpochs ? numberOf(epochs.value) : undefined,
      between: from === "" ? undefined : { steps: [numberOf(from), to === "" ? null : numberOf(to)] },
      normalize: this.#normalize.checked || undefined,
      truncate: this.#truncate.checked || undefined,
      extra: this.#extra.chosen.length > 0 ? this.#extra.chosen : undefined,
      batchSize: numberOf(batchSize.value),
      seed: numberOf(seed.value),
    };
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  }

  get #episodes(): unknown {
    const rule = this.#rule.value;
    if (rule === "" || rule === "rows") return rule || undefined;
    if (rule === "id") return { id: this.#id.value };
    return {
      end: this.#end.chosen,
      ...(this.#sessions.value !== "" && { sessions: this.#sessions.value }),
      ...(this.#environment.value !== "" && { environment: this.#environment.value }),
    };
  }

  get #chosenOrder(): unknown {
    const order = this.#order.value;
    const number = numberOf(this.#orderNumber.value) ?? null;
    if (order === "recent steps") return { kind: "recent", steps: number };
    if (order === "recent decay") return { kind: "recent", decay: number };
    return order === "prioritized" ? { kind: order } : order;
  }

  show(options: Options): void {
    const { episodes, boundary, order = "uniform", between, normalize, truncate, extra, fields, ...rest } =
      options;
    const others: Record<string, unknown> = { ...rest };
    for (const [name, input] of Object.entries(this.#texts)) {
      input.value = options[name] === undefined ? "" : String(options[name]);
      delete others[name];
    }
    // A map of moments, or dtypes of the output, have no input here.
    const isOwn = typeof normalize === "object";
    this.#others = { ...others, ...(isOwn && { normalize }) };
    this.#fields.show(fields);
    this.#showEpisodes(episodes);
    choose(this.#boundary, String(boundary ?? ""));
    this.#showOrder(order);
    const steps = (between as { readonly steps?: readonly unknown[] } | undefined)?.steps ?? [];
    this.#between.forEach((input, i) => input.value = String(steps[i] ?? ""));
    this.#normalize.checked = normalize === true;
    this.#truncate.checked = truncate === true;
    this.#extra.chosen = Array.isArray(extra) ? extra : [];
    this.#showParts();
  }

  #showEpisodes(episodes: unknown): void {
    const rule = (typeof episodes === "object" && episodes !== null ? episodes : {}) as Options;
    choose(this.#rule, episodes === "rows" ? "rows" : "end" in rule ? "end" : "id" in rule ? "id" : "");
    this.#end.chosen = [rule.end ?? []].flat() as string[];
    choose(this.#id, String(rule.id ?? ""));
    choose(this.#environment, String(rule.environment ?? ""));
    choose(this.#sessions, String(rule.sessions ?? ""));
  }

  #showOrder(order: unknown): void {
    const { kind, steps, decay } = (typeof order === "object" && order !== null ? order : {}) as Options;
    const name = kind === "recent" ? (decay === undefined ? "recent steps" : "recent decay") : kind ?? order;
    choose(this.#order, String(name));
    this.#orderNumber.value = String(steps ?? decay ?? "");
  }
}

/** A number where it is one that JSON has exactly; else the text, about which the library has its say. */
function numberOf(text: string): number | string | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const number = Number(trimmed);
  const isExact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
  return isExact ? number : trimmed;
}
