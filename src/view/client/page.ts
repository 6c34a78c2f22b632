/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The page around the screens: its address, what it asks the server, the live stream, and the keys. */
import type { LiveEvent, StoreSummary } from "../protocol.ts";
import { askServer, type Query } from "./api.ts";
import { Frame } from "./frame.ts";
import { type Connection, watch } from "./live.ts";
import type { OpenScreen, Page, PageState, Screen } from "./screen.ts";
import { screens } from "./screens.ts";
import { addressOfState, changed, stateOf } from "./state.ts";

export class ViewPage implements Page {
  readonly #stores: readonly StoreSummary[];
  readonly #frame: Frame;
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  #state: PageState = stateOf(location.search);
  #screen: Screen | null = null;
  #open: OpenScreen | null = null;
  #store = -1;
  #unwatch = () => {};
  #event: LiveEvent | null = null;

  constructor(stores: readonly StoreSummary[]) {
    this.#stores = stores;
    this.#frame = new Frame(stores, this);
  }

  start(): void {
    addEventListener("popstate", () => this.#show(stateOf(location.search)));
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("error", ({ message }) => this.say(message));
    addEventListener("unhandledrejection", ({ reason }) => this.say(reason?.message ?? String(reason)));
    this.#show(this.#state);
  }

  get state(): PageState {
    return this.#state;
  }

  go(change: Readonly<Record<string, string | null>>, how: "push" | "replace" = "push"): void {
    const state = changed(this.#state, change);
    const address = addressOfState(state);
    if (address === addressOfState(this.#state)) return;
    if (how === "push") history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    this.#show(state);
  }

  async ask<Answer>(route: string, query: Query): Promise<Answer> {
    return await (await askServer(route, query)).json();
  }

  async askBytes(route: string, query: Query, signal?: AbortSignal): Promise<ArrayBuffer> {
    return await (await askServer(route, query, signal)).arrayBuffer();
  }

  onLive(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    if (this.#event !== null) listener(this.#event);
    return () => this.#listeners.delete(listener);
  }

  say(message: string): void {
    this.#frame.say(message);
  }

  /** The screen that a state names, or the first. */
  screenOf(state: PageState): Screen {
    return screens.find(({ name }) => name === state.screen) ?? screens[0];
  }

  #storeOf({ store = "0" }: PageState): number {
    const index = Number(store);
    return this.#stores[index] === undefined ? 0 : index;
  }

  #show(state: PageState): void {
    this.#state = state;
    const [screen, store] = [this.screenOf(state), this.#storeOf(state)];
    const isSame = screen === this.#screen && store === this.#store;
    if (store !== this.#store) this.#watch(store);
    this.#frame.show(screen, store);
    if (isSame) this.#open?.update(state);
    else this.#openScreen(screen);
  }

  #openScreen(screen: Screen): void {
    this.#open?.close();
    this.#screen = screen;
    this.#open = screen.open(this.#frame.emptyHost(), this);
  }

  #watch(store: number): void {
    this.#unwatch();
    this.#store = store;
    this.#event = null;
    this.#unwatch = watch(store, {
      event: (event) => this.#hear(event),
      connection: (state: Connection, seconds?: number) => this.#frame.showConnection(state, seconds),
    });
  }

  #hear(event: LiveEvent): void {
    const before = this.#event;
    this.#event = event;
    this.#frame.showLive(event, before !== null && before.generation !== event.generation);
    if (before !== null && before.generation !== event.generation) this.#forget();
    if (!isReadable(event)) return;
    // What could not be read can be.
    if (before !== null && !isReadable(before) && before.generation === event.generation) this.#again();
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** What is shown is of a store that is no more: its rows are none of the one in its place. */
  #forget(): void {
    const { screen, store } = this.#state;
    const kept = Object.entries({ screen, store }).filter((entry): entry is [string, string] => !!entry[1]);
    this.#state = Object.fromEntries(kept);
    history.replaceState(null, "", addressOfState(this.#state));
    this.#again();
  }

  #again(): void {
    if (this.#screen !== null) this.#openScreen(this.#screen);
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    // Keys belong to what is typed into, and to what lies over the page.
    if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
    if (this.#frame.key(event) || this.#open?.key?.(event)) event.preventDefault();
  }
}

const isReadable = ({ state }: LiveEvent) => state === "open" || state === "replaced";

/** Keys belong to what is typed into. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) {
    return !["checkbox", "radio", "button", "range"].includes(target.type);
  }
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}
