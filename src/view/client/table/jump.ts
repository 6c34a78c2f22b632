/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** A form that finds a row by its number, its step, or the episode that begins with it. */
import type { FoundRow, Overview } from "../../protocol.ts";
import { element } from "../element.ts";
import type { Page } from "../screen.ts";

type Way = "row" | "step" | "episode";

/** The names that fields have whose value ends an episode, or is its number, in common environments and datasets. */
const endNames = ["done", "terminated", "truncated", "terminal", "end"];
const idNames = ["episode_index", "episode", "episode_id"];

export class Jump {
  readonly host = element("form", "jump");
  readonly input = element("input");
  readonly #way = element("select");
  readonly #rule = element("select");
  readonly #page: Page;
  readonly #store: string;
  readonly #onFound: (row: number) => void;

  constructor(page: Page, store: string, { fields }: Overview, onFound: (row: number) => void) {
    this.#page = page;
    this.#store = store;
    this.#onFound = onFound;
    this.#way.title = "what to go to";
    this.#way.append(...(["row", "step", "episode"] as const).map((way) => new Option(way)));
    const names = fields.map(({ name }) => name);
    this.#rule.title = "where episodes end";
    this.#rule.append(
      ...names.map((name) => new Option(`${name} ends it`, `end ${name}`)),
      ...names.map((name) => new Option(`by ${name}`, `id ${name}`)),
    );
    this.#rule.value = usualRule(names);
    this.#rule.hidden = true;
    this.#way.addEventListener("change", () => this.#rule.hidden = this.#way.value !== "episode");
    this.input.inputMode = "numeric";
    this.input.placeholder = "number (g)";
    this.input.setAttribute("aria-label", "number");
    const submit = element("button", "", "Go");
    this.host.append(this.#way, this.input, this.#rule, submit);
    this.host.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#find(this.#way.value as Way, this.input.value.replace(/[\s,_]/g, ""));
    });
  }

  async #find(way: Way, number: string): Promise<void> {
    const [kind, ...name] = this.#rule.value.split(" ");
    const rule = way === "episode" ? { [kind]: name.join(" ") } : {};
    try {
      const { row } = await this.#page.ask<FoundRow>("/api/find", {
        store: this.#store,
        [way]: number,
        ...rule,
      });
      if (row === null) this.#page.say(`There is no ${way} ${number}`);
      else this.#onFound(row);
    } catch (error) {
      this.#page.say((error as Error).message);
    }
  }
}

function usualRule(names: readonly string[]): string {
  const end = endNames.find((name) => names.includes(name));
  const id = idNames.find((name) => names.includes(name));
  return end !== undefined ? `end ${end}` : id !== undefined ? `id ${id}` : `end ${names[0] ?? ""}`;
}
