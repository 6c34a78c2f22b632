/**
 * Sustained append beside a rewrite of the class that this library began with, in Python with numpy, in turn in one run.
 * The class itself is not here; bench/peers/seed.py follows what is known of its design.
 */
import { StreamStore } from "../../mod.ts";
import { Child } from "../harness/children.ts";
import { compare, elapsed } from "../harness/harness.ts";
import { type Measurement, measurementOf, notMeasured, times } from "../harness/measurement.ts";
import { findPython, noPython, pythonScript } from "../harness/python.ts";
import type { Sizes } from "../harness/sizes.ts";
import { appendSteps, referenceFields } from "../harness/stream.ts";

const name = "append sustained, times as fast as a rewrite of the seed's class in numpy";

export async function againstSeed(sizes: Sizes): Promise<Measurement> {
  const python = findPython("numpy");
  if (python === null) return notMeasured(name, noPython);
  const asked = JSON.stringify({ steps_appended: sizes.appendSteps });
  const seed = new Child(python, ["-B", pythonScript("peer.py"), "seed", "append", asked]);
  try {
    await seed.answer();
    const sample = await compare(
      Math.ceil(sizes.longRounds / 3),
      () => appendFor(sizes.appendSteps),
      async () => Number(await seed.ask("go")),
    );
    const speedup = { time: 1 / sample.ratio, best: sample.limitBest / sample.best };
    return measurementOf(name, times, speedup, { goal: { valueMin: 150 } });
  } finally {
    await seed.end();
  }
}

function appendFor(stepCount: number): number {
  using store = new StreamStore(referenceFields);
  const time = elapsed(() => {
    appendSteps(store, 0, stepCount);
    store.flush();
  });
  return time / stepCount;
}
