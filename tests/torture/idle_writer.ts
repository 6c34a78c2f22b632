/** Appends a step to a store with timers and then has nothing more to do; it does not close the store. */
import process from "node:process";
import { type ScheduleOptions, StreamStore } from "../../mod.ts";

interface Request {
  readonly path: string;
  readonly options: ScheduleOptions;
}

const { path, options }: Request = JSON.parse(process.argv[2]);
const store = StreamStore.open(path, { fields: { a: 0 }, ...options });
store.append(0, { a: 1 });
