import type { Session } from "../store/session.ts";
import { wrongStep } from "../steps.ts";
import { lengthOf } from "../typed_array.ts";
import { checkRowCount, type ExtraRow, readExtraRow, readExtraRows } from "./extra_values.ts";
import { noFields, type Sequences } from "./step_writer.ts";
import { type FieldValue, sequenceLength } from "./values.ts";

/** One step or many, as {@linkcode StreamStore.append} says: all that the appender's fast loop leaves. */
export function append(
  session: Session,
  step: unknown,
  fields: unknown,
  values: unknown,
  extra?: unknown,
): void {
  if (isList(step) || (typeof step === "object" && isList(values))) {
    if (extra === undefined && session.appender.appendPlainSequences(step, fields, values)) return;
    const sequences = { steps: step, names: fields, values } as Sequences;
    session.write("append", () => appendSequences(session, sequences, extra));
    return;
  }
  const row = values === undefined ? null : readRow(session, values);
  if (row !== null && session.appender.appendPlainWith(step, fields, row)) return;
  session.write("append", () => appendStep(session, step, fields, row));
}

/** As `Connection.write` has a task do it: a function made for each step takes longer than what it does. */
function readRow({ connection, extras, extraRow }: Session, values: unknown): ExtraRow {
  connection.checkIdle("append");
  connection.isWriting = true;
  try {
    return readExtraRow(extras, values, extraRow);
  } finally {
    connection.isWriting = false;
  }
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

/** One step, its fields by name in any order. */
function appendStep(
  { appender, extras }: Session,
  step: unknown,
  values: unknown,
  row: ExtraRow | null,
): void {
  if (typeof step !== "number" && typeof step !== "bigint") {
    const isMissing = values === undefined;
    const advice = isMissing ? "; the step comes before the fields: append(step, { … })" : "";
    throw wrongStep("Cannot append", "a step", step, advice);
  }
  if (typeof values !== "object" || values === null) throw noFields(values);
  appender.write((writer) => {
    writer.extraRows = row === null || extras.length === 0 ? [] : [row];
    return writer.writeStep(step, values as Readonly<Record<string, FieldValue>>);
  });
}

/** Any number of tokens or lists, strictly in field order within each step. */
function appendSequences({ appender, extras }: Session, sequences: Sequences, extra: unknown): void {
  const { steps, names, values } = sequences;
  const count = sequenceLength("steps", steps);
  const nameCount = sequenceLength("fields", names);
  const valueCount = sequenceLength("values", values);
  if (count !== nameCount || count !== valueCount) {
    throw new RangeError(
      `Cannot append: steps, fields and values must have the same length, got ${count}, ${nameCount} and ${valueCount}`,
    );
  }
  const rows = extra === undefined ? [] : readExtraRows(extras, extra, count);
  appender.write((writer) => {
    writer.extraRows = rows;
    const hasFitted = writer.writeSequences(sequences, count);
    if (hasFitted) checkRowCount(rows, writer.stepCount);
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
