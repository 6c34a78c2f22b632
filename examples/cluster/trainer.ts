/**
 * A trainer of `./run cluster`: follows all collectors into replicas on its own disk, and draws windows from them as from
 * one store. Gets how many rows each subject has in the end, a line of JSON, and ends when they are there; tells twice
 * a second what it has, in such lines too.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { StreamStore } from "../../mod.ts";
import { follow } from "../../replicate.ts";
import { openLog, type Place, subjects } from "./place.ts";

/** What a trainer tells. */
export interface TrainerReport {
  readonly rows: number;
  /** Drawn so far. */
  readonly windows: number;
  /** How old the rows were that came last when they were in a replica, in milliseconds, those of each message. */
  readonly ages: readonly number[];
}

const { directory, ...place }: Place & { readonly directory: string } = JSON.parse(process.argv[2]);
const end = new AbortController();
const counts = new Map<string, number>();
let wanted: Readonly<Record<string, number>> | null = null;
let [windows, ages] = [0, [] as number[]];

const endIfAll = () => {
  if (wanted === null) return;
  if (Object.entries(wanted).every(([subject, rows]) => counts.get(subject) === rows)) end.abort();
};
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  wanted = JSON.parse(line);
  endIfAll();
});
// Nobody is there any more who would want to know.
lines.on("close", () => wanted === null && process.exit(1));

type Mixture = ReturnType<typeof mixtureOf>;
const mixtureOf = (store: StreamStore) =>
  StreamStore.mixture([store], {
    steps: 16,
    fields: { observation: 8, action: 1, reward: 1 },
    episodes: { end: "done" },
    batchSize: 64,
  });
let mixture: Mixture | null = null;

const tell = () => {
  const rows = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const report: TrainerReport = { rows, windows, ages };
  console.log(JSON.stringify(report));
  ages = [];
};
const telling = setInterval(tell, 500);
const training = setInterval(() => {
  // A step of training would take the batch.
  for (let i = 0; i < 10; i++) windows += mixture?.next()?.size ?? 0;
}, 10);

const log = await openLog(place);
await follow(log, {
  directory,
  subjects,
  signal: end.signal,
  onProgress: ({ subject, replica, endRow }) => {
    if (!counts.has(subject)) {
      if (mixture === null) mixture = mixtureOf(replica);
      else mixture.add(replica);
    }
    counts.set(subject, endRow);
    const { steps } = replica.window(replica.length - 1, 1);
    ages.push(Date.now() - Number(steps[0]) / 1000);
    endIfAll();
  },
});
clearInterval(training);
clearInterval(telling);
tell();
await log.close();
lines.close();
