import type { Session } from "../store/session.ts";
import { wrongStep } from "../steps.ts";
import { lengthOf } from "../typed_array.ts";
import { noFields, type Sequences } from "./step_writer.ts";
import { type FieldValue, sequenceLength } from "./values.ts";

/** One step or many, as {@linkcode StreamStore.append} says: all that the appender's fast loop leaves. */
export function append(session: Session, step: unknown, fields: unknown, values: unknown): void {
  session.write("append", () => {
    if (values === undefined && !Array.isArray(step) && !ArrayBuffer.isView(step)) {
      appendStep(session, step, fields);
    } else {
      appendSequences(session, { steps: step, names: fields, values } as Sequences);
    }
  });
}

/** One step, its fields by name in any order. */
function appendStep({ appender }: Session, step: unknown, values: unknown): void {
  if (typeof step !== "number" && typeof step !== "bigint") {
    const isMissing = values === undefined;
    const advice = isMissing ? "; the step comes before the fields: append(step, { … })" : "";
    throw wrongStep("Cannot append", "a step", step, advice);
  }
  if (typeof values !== "object" || values === null) throw noFields(values);
  appender.write((writer) => writer.writeStep(step, values as Readonly<Record<string, FieldValue>>));
}

/** Any number of tokens or lists, strictly in field order within each step. */
function appendSequences({ appender }: Session, sequences: Sequences): void {
  const { steps, names, values } = sequences;
  const count = sequenceLength("steps", steps);
  const nameCount = sequenceLength("fields", names);
  const valueCount = sequenceLength("values", values);
  if (count !== nameCount || count !== valueCount) {
    throw new RangeError(
      `Cannot append: steps, fields and values must have the same length, got ${count}, ${nameCount} and ${valueCount}`,
    );
  }
  appender.write((writer) => {
    const hasFitted = writer.writeSequences(sequences, count);
    // What is missing has no token: but not where a getter has taken the memory away meanwhile.
    if (hasFitted && ArrayBuffer.isView(values)) checkKept(values, count);
    return hasFitted;
  });
}

function checkKept(values: ArrayBufferView, count: number): void {
  const length = lengthOf(values);
  if (length === count) return;
  throw new RangeError(
    `Cannot append: values must keep their length, ${count}, until they have been read, got ${length}`,
  );
}
