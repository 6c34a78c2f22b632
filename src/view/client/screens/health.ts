/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Health: whether all that was written is as it was written, and what the last opening recovered. */
import type { HealthDamage, HealthEvent, Overview } from "../../protocol.ts";
import { askServer } from "../api.ts";
import { button, element, say } from "../element.ts";
import { stateLink, streamAt } from "../links.ts";
import type { OpenScreen, Page, PageState, Screen } from "../screen.ts";
import { bytesText, grouped } from "../text.ts";

export const health: Screen = {
  name: "health",
  title: "Health",
  keys: [["v", "verifies the store, or stops"]],
  open: (host, page) => new HealthScreen(host, page),
};

/** A larger store is verified when the user says so: all of it is read. */
const bytesAtOnce = 1e9;

class HealthScreen implements OpenScreen {
  readonly #page: Page;
  readonly #start: HTMLButtonElement;
  readonly #progress = element("progress");
  readonly #verdict = element("p", "verdict");
  readonly #damage = element("div");
  readonly #recovery = element("section", "recovery");
  #store: string;
  #running: AbortController | null = null;
  #isClosed = false;

  constructor(host: HTMLElement, page: Page) {
    this.#page = page;
    this.#store = page.state.store ?? "0";
    this.#start = button("Verify", "compares everything with its checksums (v)", () => this.#switch());
    this.#progress.value = 0;
    this.#verdict.setAttribute("role", "status");
    host.append(
      element("div", "health-bar", this.#start, this.#progress),
      this.#verdict,
      this.#damage,
      this.#recovery,
    );
    void this.#begin();
  }

  async #begin(): Promise<void> {
    try {
      const { byteLength } = await this.#page.ask<Overview>("/api/overview", { store: this.#store });
      if (this.#isClosed) return;
      if (byteLength <= bytesAtOnce) return this.#switch();
      say(this.#verdict, `${bytesText(byteLength)} have not been verified: all of them are read for that`);
    } catch (error) {
      if (!this.#isClosed) this.#fail((error as Error).message);
    }
  }

  update(state: PageState): void {
    this.#store = state.store ?? "0";
  }

  close(): void {
    this.#isClosed = true;
    this.#running?.abort();
  }

  key({ key }: KeyboardEvent): boolean {
    if (key !== "v") return false;
    this.#switch();
    return true;
  }

  #switch(): void {
    if (this.#running === null) return void this.#verify();
    this.#running.abort();
    this.#end("stopped");
    say(this.#verdict, "Verifying was stopped");
  }

  async #verify(): Promise<void> {
    const running = this.#running = new AbortController();
    say(this.#start, "Stop");
    this.#damage.replaceChildren();
    this.#verdict.dataset.state = "verifying";
    try {
      const response = await askServer("/api/health", { store: this.#store }, running.signal);
      for await (const event of eventsOf(response)) if (running === this.#running) this.#show(event);
    } catch (error) {
      if (!running.signal.aborted) this.#fail((error as Error).message);
    }
    if (running === this.#running) this.#end();
  }

  #end(state?: string): void {
    this.#running = null;
    say(this.#start, "Verify");
    if (state !== undefined) this.#verdict.dataset.state = state;
  }

  #fail(message: string): void {
    this.#verdict.dataset.state = "damaged";
    say(this.#verdict, message);
  }

  #show(event: HealthEvent): void {
    const { done, chunksChecked, chunkCount, damaged, error } = event;
    this.#progress.max = Math.max(1, chunkCount);
    this.#progress.value = chunksChecked;
    this.#showRecovery(event);
    if (!done) {
      return say(this.#verdict, `Verifying: ${grouped(chunksChecked)} of ${grouped(chunkCount)} chunks`);
    }
    if (error !== undefined) return this.#fail(error);
    const isWhole = damaged.length === 0;
    this.#verdict.dataset.state = isWhole ? "whole" : "damaged";
    say(
      this.#verdict,
      isWhole
        ? `✓ Whole: ${grouped(chunkCount)} chunks have their checksums`
        : `✗ Damaged: ${grouped(damaged.length)} of ${
          grouped(chunkCount)
        } chunks do not have their checksums`,
    );
    if (!isWhole) this.#damage.replaceChildren(this.#damageTable(damaged));
  }

  #damageTable(damaged: readonly HealthDamage[]): HTMLElement {
    const rows = damaged.map(({ file, chunk, rows: [from, to] }) => {
      const text = `${grouped(from)} to ${grouped(Math.max(from, to - 1))}`;
      const link = stateLink(this.#page, text, "these rows in the stream", streamAt(from, to));
      return [file, grouped(chunk), link].map((cell) => element("td", "", cell));
    });
    const head = element("tr", "", ...["file", "chunk", "rows"].map((title) => element("th", "", title)));
    const advice = "The rows before the first damage can be copied into a new store: " +
      "streamstore verify PATH --salvage-to DIRECTORY";
    return element(
      "section",
      "",
      element(
        "table",
        "",
        element("thead", "", head),
        element("tbody", "", ...rows.map((row) => element("tr", "", ...row))),
      ),
      element("p", "", advice),
    );
  }

  #showRecovery({ recovery, sessions }: HealthEvent): void {
    const { recoveredRows = 0, recoveredTokens = 0, cutRows = 0, cutTokens = 0 } = recovery ?? {};
    const lines = [
      recoveredRows > 0
        ? `The last opening found ${grouped(recoveredRows)} rows (${
          grouped(recoveredTokens)
        } tokens) that the writer had not committed: they are in the store`
        : "The last opening found nothing beyond the last commit",
    ];
    if (cutRows > 0) {
      lines.push(
        `${grouped(cutRows)} rows (${grouped(cutTokens)} tokens) did not survive a failure of the system`,
      );
    }
    const began = sessions.map((row) =>
      stateLink(this.#page, grouped(row), "this row in the stream", streamAt(row, row + 1))
    );
    this.#recovery.replaceChildren(
      element("h3", "", "Recovery"),
      ...lines.map((line) => element("p", "", line)),
      element(
        "p",
        "",
        began.length === 0 ? "One writer wrote it all" : "Writers began at rows ",
        ...joined(began),
      ),
    );
  }
}

function joined(parts: readonly Node[]): (Node | string)[] {
  return parts.flatMap((part, i) => i === 0 ? [part] : [", ", part]);
}

/** Lines of JSON, as they come. */
async function* eventsOf(response: Response): AsyncGenerator<HealthEvent> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}
