/** The start of a program that uses the library: import, create a store, append one step. */
import { StreamStore } from "../../mod.ts";

using store = new StreamStore({ action: 0, reward: 1 });
store.append(0, { action: 1, reward: 0.5 });
console.log(store.length);
