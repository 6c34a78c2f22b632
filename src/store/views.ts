/** Arrays over a store's own memory, as far as the store has to know of them when it is closed. */
import { StreamStoreError } from "../error.ts";
import { runtime } from "../native/load.ts";
import type {
  BytesViews,
  ColumnViews,
  DataRange,
  MemoryRange,
  TypesRange,
  ViewState,
} from "../native/runtime.ts";

/** All views made of a store, those before a move to a larger reservation included. */
export class MadeViews {
  readonly #state: ViewState;
  readonly #all: (ColumnViews | BytesViews)[] = [];

  /** @param owner What lives as long as any view. */
  constructor(store: number, private readonly owner: object) {
    this.#state = { store, count: 0, mustBlank: false };
    nets.register(owner, this.#state, this);
  }

  ofColumns(types: TypesRange, data: DataRange): ColumnViews {
    checkCanView();
    return this.#note(runtime.columnViews(types, data, this.#state, this.owner));
  }

  /** Of the bytes of an extra. */
  ofBytes(range: MemoryRange): BytesViews {
    checkCanView();
    return this.#note(runtime.bytesViews(range, this.#state, this.owner));
  }

  #note<Views extends ColumnViews | BytesViews>(views: Views): Views {
    this.#all.push(views);
    return views;
  }

  /** Takes back what can be taken back, and closes the store. Returns the library's status. */
  close(): number {
    nets.unregister(this);
    const detached = this.#all.map((views) => views.detach());
    this.#state.mustBlank = !detached.every((areOurs) => areOurs);
    return closeNative(this.#state);
  }
}

/** Throws where this process may not look at native memory. */
function checkCanView(): void {
  if (runtime.canView) return;
  throw new StreamStoreError(
    "windows-not-permitted",
    "Cannot view the columns: zero-copy windows need --allow-ffi without a path; gather() copies and works with less",
  );
}

/** Closes what was dropped without `close`. Only a net: when it runs is up to the garbage collector. */
const nets = new FinalizationRegistry<ViewState>(closeNative);

function closeNative({ store, count, mustBlank }: ViewState): number {
  return runtime.native.ss_store_close(store, count >>> 0, mustBlank ? 1 : 0);
}
