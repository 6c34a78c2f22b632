/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What the list of episodes is made by, and ordered by. */
import type { Overview } from "../../protocol.ts";
import { element } from "../element.ts";
import { Choices, choose, labelled, select } from "../form_parts.ts";
import { type PageRule, seriesOf } from "./rule.ts";

export interface Chosen {
  readonly rule: PageRule;
  readonly series: string;
}

export class RuleForm {
  readonly host = element("form", "rule-form");
  readonly #kind = select("rule", [["end", "by their end"], ["id", "by an ID"], ["rows", "each row"]]);
  readonly #end: Choices;
  readonly #id: HTMLSelectElement;
  readonly #environment: HTMLSelectElement;
  readonly #series: HTMLSelectElement;
  readonly #parts: Readonly<Record<"end" | "id" | "environment", HTMLLabelElement>>;

  constructor(overview: Overview, onChange: (chosen: Chosen) => void) {
    const names = overview.fields.map(({ name }) => name);
    const plain = (values: readonly string[]) => values.map((value) => [value, value] as const);
    this.#end = new Choices("end", names);
    this.#id = select("id", plain(names));
    this.#environment = select("environment", [["", "none"], ...plain(names)]);
    this.#series = select("series", plain(seriesOf(overview)));
    this.#parts = {
      end: labelled("end", "fields that are true in the last row of an episode", this.#end.host),
      id: labelled("ID", "the field whose change begins another episode", this.#id),
      environment: labelled(
        "environment",
        "the field that says of which environment a row is",
        this.#environment,
      ),
    };
    this.host.append(
      labelled("episodes", "where episodes are told apart", this.#kind),
      ...Object.values(this.#parts),
      labelled("series", "what is summed over each episode, and drawn", this.#series),
    );
    this.host.addEventListener("change", () => {
      this.#showParts();
      onChange({ rule: this.#rule, series: this.#series.value });
    });
    this.host.addEventListener("submit", (event) => event.preventDefault());
  }

  get #rule(): PageRule {
    const kind = this.#kind.value;
    if (kind === "rows") return kind;
    if (kind === "id") return { id: this.#id.value };
    const environment = this.#environment.value;
    return { end: this.#end.chosen, ...(environment !== "" && { environment }) };
  }

  show({ rule, series }: Chosen): void {
    const { end = [], id = "", environment = "" } = (rule === "rows" ? {} : rule) as Partial<{
      readonly end: readonly string[];
      readonly id: string;
      readonly environment: string;
    }>;
    choose(this.#kind, rule === "rows" ? rule : id !== "" ? "id" : "end");
    this.#end.chosen = end;
    choose(this.#id, id);
    choose(this.#environment, environment);
    choose(this.#series, series);
    this.#showParts();
  }

  #showParts(): void {
    const kind = this.#kind.value;
    this.#parts.end.hidden = this.#parts.environment.hidden = kind !== "end";
    this.#parts.id.hidden = kind !== "id";
  }
}
