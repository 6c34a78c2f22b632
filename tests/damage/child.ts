/**
 * Run by damage.test.ts and main.ts, in a process that damage must not end: `child.ts <directory> <seed> <count>`.
 * Prints the seed of each mutation that failed with the reason, and at the end the figures as JSON.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Random } from "../support/support.ts";
import { checkStore, type Outcome, salvageRows } from "./check.ts";
import { removeMutant, type Sources, writeMutant } from "./mutations.ts";
import {
  type Files,
  isLarge,
  type Kind,
  kinds,
  makeAbandonedStore,
  makeStore,
  writeStore,
} from "./stores.ts";

const [directory, firstSeed, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

/** Stores open at a time: verifying pauses after each chunk. */
const laneCount = 16;

/** A store that is damaged, and what it reads like as long as it is not. */
interface Subject {
  readonly closed: Files;
  /** Other stores with the same fields, one of them without rows: its head would make any store read as empty and whole. */
  readonly foreign: readonly Files[];
  /** Its tail has no checksums: damage there may change values, but not end the process. */
  readonly abandoned: Files;
  readonly whole: Outcome;
  /** The values of each row, by its number. */
  readonly rows: ReadonlyMap<number, string>;
}

async function subjectOf(kind: Kind): Promise<Subject> {
  const closed = makeStore(directory, kind, 1);
  const { whole, rows } = await original(closed);
  return {
    closed,
    rows,
    whole,
    foreign: [makeStore(directory, kind, 2), makeStore(directory, kind, 4, true)],
    abandoned: makeAbandonedStore(directory, kind, 3),
  };
}

const subjects: Subject[] = [];
for (const kind of kinds) {
  const subject = await subjectOf(kind);
  subjects.push(...Array<Subject>(isLarge(kind) ? 1 : 12).fill(subject));
}
const figures = { mutations: 0, refused: 0, foundDamaged: 0, harmless: 0, rowsSalvaged: 0, failures: 0 };

async function original(closed: Files): Promise<Pick<Subject, "whole" | "rows">> {
  const path = join(directory, "original");
  writeStore(path, closed);
  const outcome = await checkStore(path, "read", true);
  const isRead = Object.values(outcome.read).every((result) => !result.startsWith("error"));
  if (!outcome.isWhole || !isRead) throw new Error(`the original is damaged: ${JSON.stringify(outcome)}`);
  return { whole: outcome, rows: salvageRows(path) };
}

async function mutate(seed: number, lane: number): Promise<void> {
  const random = new Random(seed);
  const path = join(directory, `lane-${lane}`);
  const isAbandoned = random.below(10) === 0;
  const subject = subjects[random.below(subjects.length)];
  const { closed, abandoned, foreign, whole, rows } = subject;
  const sources: Sources = { original: isAbandoned ? abandoned : closed, foreign };
  const mode = random.below(2) === 0 ? "append" : "read";
  let done = "nothing";
  try {
    done = writeMutant(path, sources, random);
    // Read again if the process ends here: by which seed.
    writeFileSync(join(directory, `running-${lane}`), `seed ${seed}, ${mode}: ${done}`);
    const outcome = await checkStore(path, mode, random.below(20) === 0);
    judge(outcome, isAbandoned ? null : whole);
    if (!isAbandoned && !outcome.isWhole) judgeSalvaged(salvageRows(path), rows);
  } catch (error) {
    figures.failures++;
    console.log(`seed ${seed}, ${mode}, ${isAbandoned ? "abandoned" : "closed"}: ${done}: ${error}`);
  }
  figures.mutations++;
  removeMutant(path);
}

/** A store that verifies as whole reads as what it was, where that is told. */
function judge(outcome: Outcome, whole: Outcome | null): void {
  if (outcome.opened !== "ok") figures.refused++;
  else if (!outcome.isWhole) figures.foundDamaged++;
  else {
    figures.harmless++;
    if (whole === null) return;
    for (const [way, result] of Object.entries(outcome.read)) {
      if (result !== whole.read[way]) throw new Error(`verified as whole, but ${way} gives ${result}`);
    }
  }
}

/** Whatever is salvaged is what was there. */
function judgeSalvaged(found: ReadonlyMap<number, string>, rows: ReadonlyMap<number, string>): void {
  figures.rowsSalvaged += found.size;
  for (const [row, values] of found) {
    if (values !== rows.get(row)) throw new Error(`salvaged row ${row} of ${found.size} is not what it was`);
  }
}

let next = firstSeed;
await Promise.all(Array.from({ length: laneCount }, async (_, lane) => {
  while (next < firstSeed + count) await mutate(next++, lane);
}));
console.log(JSON.stringify(figures));
