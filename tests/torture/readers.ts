/** One writer, killed and started again, with readers in other processes and in workers all the while. */
import assert from "node:assert/strict";
import { Worker } from "node:worker_threads";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";
import { Child } from "./child.ts";
import { compareRows, type Content, countWhole, fieldsBy } from "./content.ts";

export class ReaderFigures {
  readers = 0;
  kills = 0;
  stepsAcknowledged = 0;
  refreshes = 0;
  rowsRead = 0;
}

export interface ReaderRun {
  readonly seed: number;
  /** How long, at least: on a machine with much else to do it goes on until a step is acknowledged and every reader has seen rows. */
  readonly ms: number;
  /** How many there are, half of them processes and half workers. */
  readonly readers: number;
}

/** What a worker says at its end. */
interface WorkerReport {
  readonly refreshes: number;
  readonly rowsRead: number;
  readonly error?: string;
}

export async function readWhileKilled(path: string, run: ReaderRun, figures: ReaderFigures): Promise<void> {
  const random = new Random(run.seed);
  const fields = fieldsBy.narrow;
  StreamStore.open(path, { fields, mode: "create", capacity: 5000 }).close();
  const end = performance.now() + run.ms;
  const workers = Array.from({ length: run.readers >> 1 }, () => new WorkerReader(path));
  const children = Array.from(
    { length: run.readers - workers.length },
    () => new Child("reader.ts", { path }),
  );
  try {
    // A writer that finds nothing to compare with would say nothing of readers.
    await Promise.all(children.map((child) => child.waitForLines(1)));
    const haveRows = () =>
      figures.stepsAcknowledged > 0 &&
      workers.every(({ report }) => report.error !== undefined || report.rowsRead > 0) &&
      children.every(({ line, errors }) => errors !== "" || countsOf(line)[1] > 0);
    do await writeAndDie(path, random, figures); while (performance.now() < end || !haveRows());
    await finish(path, children, await Promise.all(workers.map((worker) => worker.end())), figures);
  } finally {
    await Promise.all([...children.map((child) => child.kill()), ...workers.map((worker) => worker.end())]);
  }
  figures.readers += run.readers;
}

async function writeAndDie(path: string, random: Random, figures: ReaderFigures): Promise<void> {
  const commitEvery = { steps: 1 + random.below(200) };
  const child = new Child("kill_writer.ts", {
    path,
    seed: random.below(2 ** 31),
    capacity: 1,
    widths: "narrow",
    splits: true,
    commitEvery,
  });
  await child.waitForLines(1);
  await new Promise((resolve) => setTimeout(resolve, 500 * random.float()));
  assert.equal(await child.kill(), "SIGKILL", child.errors);
  figures.kills++;
  figures.stepsAcknowledged = Math.max(figures.stepsAcknowledged, Number(child.line));
}

/** All that was acknowledged is there, and every reader was busy and is content. */
async function finish(
  path: string,
  children: readonly Child[],
  reports: readonly WorkerReport[],
  figures: ReaderFigures,
): Promise<void> {
  using store = StreamStore.open(path, { fields: fieldsBy.narrow }) as Content;
  assert.ok(store.rowCount >= figures.stepsAcknowledged);
  compareRows(store, 0, countWhole(store));
  for (const { error, ...counts } of reports) {
    assert.equal(error, undefined);
    add(figures, counts.refreshes, counts.rowsRead);
  }
  for (const child of children) {
    await child.waitForLines(child.lineCount + 1);
    assert.equal(child.errors, "");
    const [refreshes, rowsRead] = countsOf(child.line);
    add(figures, refreshes, rowsRead);
  }
  // Not every reader has to get to look twice on a machine with much else to do, but they go on looking.
  const readerCount = reports.length + children.length;
  assert.ok(figures.refreshes > readerCount, `${readerCount} readers looked ${figures.refreshes} times`);
}

function add(figures: ReaderFigures, refreshes: number, rowsRead: number): void {
  assert.ok(refreshes > 0 && rowsRead > 0, `a reader saw ${rowsRead} rows in ${refreshes} refreshes`);
  figures.refreshes += refreshes;
  figures.rowsRead += rowsRead;
}

function countsOf(line: string): number[] {
  return line.split(" ").map(Number);
}

class WorkerReader {
  report: WorkerReport = { refreshes: 0, rowsRead: 0 };
  readonly #worker: Worker;
  readonly #ended: Promise<void>;

  constructor(path: string) {
    this.#worker = new Worker(new URL("reader_worker.ts", import.meta.url), { workerData: { path } });
    this.#ended = new Promise((resolve) => {
      this.#worker.on("message", (report: WorkerReport | null) => {
        if (report === null) return resolve();
        this.report = report;
        if (report.error !== undefined) resolve();
      });
      this.#worker.on("error", (error) => {
        this.report = { refreshes: 0, rowsRead: 0, error: String(error) };
        resolve();
      });
    });
  }

  async end(): Promise<WorkerReport> {
    this.#worker.postMessage("end");
    await this.#ended;
    await this.#worker.terminate();
    return this.report;
  }
}

/**
 * Looks for commits as often as it can while a writer commits as often as it can, so that looks fall into commits that
 * are half written. Returns how many looks there were.
 */
export async function refreshWhileCommitting(path: string, ms: number): Promise<number> {
  const child = new Child("committer.ts", { path });
  await child.waitForLines(1);
  try {
    using reader = StreamStore.open(path, { mode: "read" });
    const end = performance.now() + ms;
    let looks = 0;
    for (let rowCount = 0; performance.now() < end; looks++) {
      if (!reader.refresh()) continue;
      assert.ok(reader.rowCount > rowCount && reader.length === reader.rowCount);
      rowCount = reader.rowCount;
      if (looks % 16 === 0) assert.equal(reader.row(rowCount - 1).a, rowCount - 1);
    }
    return looks;
  } finally {
    await child.kill();
  }
}
