/**
 * Appends reference steps whose reward is the time of their append, for so many milliseconds: `writer.ts <path> <steps
 * a second, or 0 for as many as there can be> <milliseconds>`. It sets no option of the store, and yields to its event
 * loop: after every step that is due, or at full speed after every 500.
 */
import process from "node:process";
import { setImmediate, setTimeout as pause } from "node:timers/promises";
import { StreamStore } from "../../mod.ts";
import { observations, referenceFields } from "../harness/stream.ts";

const [path, stepsPerSecond, durationMs] = [process.argv[2], ...process.argv.slice(3).map(Number)] as const;
const stepsBetweenYields = 500;

using store = StreamStore.open(path, { fields: referenceFields });
let step = 0;
const begin = performance.now();
for (let now = begin; now < begin + durationMs; now = performance.now()) {
  if (stepsPerSecond > 0) {
    while (step <= (performance.now() - begin) * stepsPerSecond / 1000) append();
    await pause(Math.max(0, begin + 1000 * step / stepsPerSecond - performance.now()));
  } else {
    for (let i = 0; i < stepsBetweenYields; i++) append();
    await setImmediate();
  }
}
// So that what came last is not seen because the store is closed.
await pause(200);

function append(): void {
  const reward = performance.timeOrigin + performance.now();
  store.append(step, {
    action: 1,
    observation: observations[step % observations.length],
    reward,
    done: false,
  });
  step++;
}
