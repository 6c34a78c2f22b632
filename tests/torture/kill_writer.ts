/**
 * Appends numbered steps until it is killed, and reports after every call how many are acknowledged. Each line says how
 * many steps there are; the first is the number found on opening.
 */
import process from "node:process";
import { type Interval, type Retain, StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import {
  blockSteps,
  columnsOf,
  type Content,
  contentOf,
  fieldsBy,
  firstPartOf,
  isColumnsBlock,
  isSplit,
  type StepContent,
  type Widths,
} from "./content.ts";
import { extra as extras, extraListsOf, extrasOf } from "./extras_content.ts";
import { tell } from "./tell.ts";

/** What the parent asks for. */
export interface WriterRequest {
  readonly path: string;
  readonly seed: number;
  readonly capacity: number;
  readonly widths?: Widths;
  readonly commitEvery?: Interval;
  readonly syncEvery?: Interval;
  readonly retain?: Retain;
  /** Some steps come by two calls. */
  readonly splits?: boolean;
  /** So many whole blocks of steps an empty store gets by one call: of rows that are alike, or of one field. */
  readonly firstBlocks?: number;
  /** Text and bytes stand beside the steps. */
  readonly hasExtras?: boolean;
  /** Blocks come by `fromDataset`, and not by `appendColumns`. */
  readonly usesDatasets?: boolean;
  /** How fast, at most; without it as fast as it can. */
  readonly rowsPerSecond?: number;
}

const request: WriterRequest = JSON.parse(process.argv[2]);
const random = new Random(request.seed);
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const { path, capacity, widths = "wide", commitEvery, syncEvery, retain } = request;
const fields = fieldsBy[widths];
const extra = request.hasExtras ? extras : undefined;
const store = StreamStore.open(path, { fields, extra, capacity, commitEvery, syncEvery, retain }) as Content;
/** What stands beside a step, or several; nothing in a store without. */
const beside = <Value>(value: Value): Value | undefined => extra === undefined ? undefined : value;

// Loaded only where it is needed, because it takes longer to load than most writers live.
const toTable = request.usesDatasets ? (await import("./tables.ts")).tableOf : null;

let next = store.rowCount;
report();
goOnWithLast();
if (next === 0 && request.firstBlocks) {
  next = blockSteps * request.firstBlocks;
  store.appendColumns(columnsOf(0, next, widths), { extra: beside(extraListsOf(0, next)) });
}
// Some writers report seldom, so that much is in the tail when they are killed.
const reportEvery = random.below(4) === 0 ? 200 : 1;
const [begun, beganWith] = [performance.now(), next];
for (let round = 0;; round++) {
  await appendSome();
  if (round % reportEvery === 0) report();
  const chance = random.below(1000);
  if (chance < 30) store.flush();
  else if (chance < 34) store.sync();
  else if (chance < 60) Atomics.wait(sleeper, 0, 0, 1);
  // Long enough for what commits by itself.
  else if (chance < 64) await new Promise((resolve) => setTimeout(resolve, 60));
  if (request.rowsPerSecond !== undefined) await keepTo(request.rowsPerSecond);
}

async function keepTo(rowsPerSecond: number): Promise<void> {
  const ahead = 1000 * (next - beganWith) / rowsPerSecond - (performance.now() - begun);
  if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead));
}

/** The writer before may have died between the two calls for its last step. */
function goOnWithLast(): void {
  const last = next - 1;
  if (last < store.firstRow || !isSplit(last, widths) || "sum" in store.row(last)) return;
  appendRest(last, contentOf(last, widths));
}

function appendRest(step: number, { extra, sum }: StepContent): void {
  store.append(step, { extra, sum }, beside({ blob: extrasOf(step).blob }));
}

/** To the end of the block, or to somewhere before it where single steps are appended. */
async function appendSome(): Promise<void> {
  const end = next - next % blockSteps + blockSteps;
  if (isColumnsBlock(next)) {
    if (toTable === null) {
      store.appendColumns(columnsOf(next, end, widths), { extra: beside(extraListsOf(next, end)) });
    } else await store.fromDataset(toTable(next, end, widths), { step: "step" });
    next = end;
    return;
  }
  const until = Math.min(end, next + 1 + random.below(blockSteps));
  for (; next < until; next++) appendOne(next);
}

function appendOne(step: number): void {
  const content = contentOf(step, widths);
  if (request.splits && isSplit(step, widths)) {
    store.append(step, firstPartOf(content), beside({ note: extrasOf(step).note }));
    if (step % 2 === 0) store.flush();
    // So that some are killed right here.
    if (step % 23 === 0) Atomics.wait(sleeper, 0, 0, 3);
    return appendRest(step, content);
  }
  if (step % 3 > 0) return store.append(step, content, beside(extrasOf(step)));
  const names = Object.keys(content) as (keyof StepContent)[];
  const values = names.map((name) => content[name] as number);
  const { note, blob } = extrasOf(step);
  store.append(names.map(() => step), names, values, beside({ note: [note], blob: [blob] }));
}

function report(): void {
  tell(String(next));
}
