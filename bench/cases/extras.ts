/** Text and bytes beside the steps: a short text with each reference step, and a camera's frame. */
import { StreamStore } from "../../mod.ts";
import { compare, elapsed, measure, prove, type Sample } from "../harness/harness.ts";
import { type Measurement, measurementOf, nanosecondsPer } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";
import {
  actionOf,
  appendSteps,
  doneOf,
  frameBytes,
  observations,
  referenceFields,
  type ReferenceStore,
  rewardOf,
} from "../harness/stream.ts";
import { writeStream } from "../harness/writes.ts";

const perStep = nanosecondsPer("step");

const extra = { prompt: "string" } as const;

/** Texts of 64 bytes, of ASCII only. */
const texts = Array.from(
  { length: 64 },
  (_, i) => `step ${i}: pick up the red cube and put it`.padEnd(64, "."),
);

export async function extras(sizes: Sizes): Promise<Measurement[]> {
  return [
    measurementOf(
      "append with 64 bytes of text, flush and growth included",
      perStep,
      await appendTexts(sizes),
      {
        limit: "the same steps without text",
        goal: { ratioMax: 3 },
      },
    ),
    measurementOf("encoding 64 bytes of text as UTF-8 alone", perStep, await encodeTexts(sizes)),
    measurementOf("append with a frame of 50 KB", perStep, await appendFrames(sizes), {
      limit: "pwrite of each",
      goal: { ratioMax: 1.3 },
    }),
  ];
}

function appendTexts(sizes: Sizes): Promise<Sample> {
  const stepCount = sizes.appendSteps;
  return compare(sizes.longRounds, () => {
    using store = new StreamStore(referenceFields, { extra });
    const time = elapsed(() => {
      for (let step = 0; step < stepCount; step++) {
        const action = actionOf(step);
        const observation = observations[step & 255];
        const values = { action, observation, reward: rewardOf(step), done: doneOf(step) };
        store.append(step, values, { prompt: texts[step & 63] });
      }
      store.flush();
    });
    const last = store.extra("prompt").get(stepCount - 1)!;
    prove("the last text", texts.indexOf(last), (stepCount - 1) & 63);
    return time / stepCount;
  }, () => {
    using store: ReferenceStore = new StreamStore(referenceFields);
    const time = elapsed(() => {
      appendSteps(store, 0, stepCount);
      store.flush();
    });
    prove("steps", store.rowCount, stepCount);
    return time / stepCount;
  });
}

/** What the engine takes to write the texts into memory one after another. */
function encodeTexts(sizes: Sizes): Promise<Sample> {
  const stepCount = sizes.appendSteps;
  const bytes = new Uint8Array(64 * 1024);
  const encoder = new TextEncoder();
  return measure(sizes.longRounds, () => {
    let written = 0;
    const time = elapsed(() => {
      for (let step = 0; step < stepCount; step++) {
        const at = 64 * (step & 1023);
        written += encoder.encodeInto(texts[step & 63], bytes.subarray(at, at + 64)).written;
      }
    });
    prove("bytes", written, 64 * stepCount);
    return time / stepCount;
  });
}

function appendFrames(sizes: Sizes): Promise<Sample> {
  const stepCount = Math.ceil(sizes.appendSteps / 500);
  const frame = new Uint8Array(frameBytes).map((_, i) => i * 7);
  return compare(sizes.longRounds, () => {
    using store = new StreamStore({ action: 0 }, { extra: { frame: "bytes" } });
    const time = elapsed(() => {
      for (let step = 0; step < stepCount; step++) store.append(step, { action: step & 3 }, { frame });
      store.flush();
    });
    const last = store.extra("frame").get(stepCount - 1)!;
    prove("the last frame", last[frameBytes - 1], frame[frameBytes - 1]);
    return time / stepCount;
  }, () => writeStream(stepCount * frameBytes, frameBytes) / stepCount);
}
