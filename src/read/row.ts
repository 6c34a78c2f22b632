/** Rows by their number, and the numbers of rows by a token or a step of theirs. */
import { describe } from "../fields.ts";
import { isInt64, wrongStep } from "../steps.ts";
import type { Session } from "../store/session.ts";
import { readExtras } from "./extras.ts";
import { firstTokenOf, type Row, RowReader } from "./rows.ts";

/** One row, as {@linkcode StreamStore.row} says. */
export function rowAt(session: Session, index: number): Row {
  session.prepareRead("read a row", () => hasCommitted(session, index + 1));
  checkRange(session, index, index + 1);
  return readWhole(session, index, index + 1)[0];
}

/** Rows `[from, to)`, as {@linkcode StreamStore.rows} says. */
export function rowsOf(session: Session, from?: number, to?: number): Row[] {
  session.prepareRead("read rows", () => to !== undefined && hasCommitted(session, to));
  const [first, end] = [from ?? session.connection.firstRow, to ?? session.rowCount];
  checkRange(session, first, end);
  return readWhole(session, first, end);
}

/** Rows with what they have of extras, under the name `extra`, where that is no field's. */
function readWhole(session: Session, from: number, to: number): Row[] {
  const { fields, extras } = session;
  const rows = session.kept(rowReader).read(from, to);
  if (extras.length === 0 || fields.some(({ name }) => name === "extra")) return rows;
  const values = readExtras(session, from, to);
  return rows.map((row, i) => Object.assign(row, { extra: values[i] }));
}

const rowReader = ({ connection, fields }: Session) => new RowReader(connection, fields);

/** Whether rows before `to` are committed. The last of all may go on in the tail. */
export function hasCommitted({ connection }: Session, to: number): boolean {
  return to < connection.rowCount;
}

/** Throws unless rows `[from, to)` are kept. */
export function checkRange(
  { connection, rowCount }: Session,
  from: number,
  to: number,
  action = "read rows",
): void {
  const { firstRow } = connection;
  const isWhole = Number.isInteger(from) && Number.isInteger(to);
  if (isWhole && from >= firstRow && from <= to && to <= rowCount) return;
  throw new RangeError(
    `Cannot ${action}: a range must lie within ${firstRow} to ${rowCount}, got ${describe(from)} to ${
      describe(to)
    }`,
  );
}

/** The row that holds a token, as {@linkcode StreamStore.rowOfToken} says. */
export function rowOfToken(session: Session, index: number): number {
  session.prepareRead("find a row");
  const { firstToken } = session.connection;
  const last = session.tokenCount - 1;
  if (!Number.isInteger(index) || index < firstToken || index > last) {
    throw new RangeError(
      `Cannot find a row: a token index must be from ${firstToken} to ${last}, got ${describe(index)}`,
    );
  }
  return session.connection.rowOfToken(index);
}

/** The first token of a row, as {@linkcode StreamStore.tokenOfRow} says. */
export function tokenOfRow(session: Session, index: number): number {
  session.prepareRead("find a token", () => hasCommitted(session, index));
  const { connection: { firstRow }, rowCount, tokenCount } = session;
  if (!Number.isInteger(index) || index < firstRow || index > rowCount) {
    throw new RangeError(
      `Cannot find a token: a row index must be from ${firstRow} to ${rowCount}, got ${describe(index)}`,
    );
  }
  return index === rowCount ? tokenCount : firstTokenOf(session.connection, index);
}

/** The row of a step, as {@linkcode StreamStore.rowOfStep} says. */
export function rowOfStep(session: Session, step: number | bigint): number {
  return findStep(session, "step", step);
}

/** The first row of a step or a later one, as {@linkcode StreamStore.rowAtOrAfter} says. */
export function rowAtOrAfter(session: Session, step: number | bigint): number {
  return findStep(session, "stepOrLater", step);
}

function findStep(session: Session, key: "step" | "stepOrLater", step: number | bigint): number {
  session.prepareRead("find a row");
  const isStep = typeof step === "bigint" ? isInt64(step) : Number.isSafeInteger(step);
  if (!isStep) throw wrongStep("Cannot find a row", "a step", step);
  return session.connection.findRow(key, BigInt(step));
}
