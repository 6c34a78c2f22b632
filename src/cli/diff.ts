/** `streamstore diff`: whether two stores hold the same rows, bit for bit. */
import process from "node:process";
import type { Command } from "commander";
import { Buffer } from "node:buffer";
import type { Column } from "../read/column.ts";
import type { Row, RowValue } from "../read/rows.ts";
import { StreamStore } from "../store.ts";
import { withBar } from "./bar.ts";
import { blockEnd, fullColumns } from "./blocks.ts";
import { exitCode } from "./exit.ts";
import { jsonOf, type Shown } from "./json.ts";
import { line, printable } from "./output.ts";
import { grouped } from "./table.ts";
import { extraText, valueText } from "./values.ts";

export function define(command: Command): void {
  command.argument("<one>", "a store's directory")
    .argument("<other>", "another's")
    .option("--json", "a line of JSON")
    .addHelpText(
      "after",
      "\nExample: streamstore diff run.stream copy.stream" +
        "\n\nCompares fields, dtypes and extras, and then every row that both hold: steps, values by their bits," +
        "\nempty lists, extras. Ends with 1 at the first difference.",
    )
    .action(async (one: string, other: string, { json }: { readonly json?: true }) => {
      using first = StreamStore.open(one, { mode: "read" });
      using second = StreamStore.open(other, { mode: "read" });
      const found = await firstDifference(first, second);
      if (found !== null) process.exitCode = exitCode.failure;
      if (json) {
        line(jsonOf(
          found === null ? { same: true, rows: first.rowCount - first.firstRow } : { same: false, ...found },
        ));
      } else if (found === null) line(`The same: ${grouped(first.rowCount - first.firstRow)} rows`);
      else line(printable(textOf(found, one, other)));
    });
}

/** Where two stores differ first: in `what`, and what each has. */
interface Difference {
  readonly [name: string]: Shown;
  readonly what: string;
  readonly row?: number;
  readonly one: string;
  readonly other: string;
}

function textOf({ what, row, one, other }: Difference, first: string, second: string): string {
  const place = row === undefined ? what : `${what} of row ${grouped(row)}`;
  return `Different in ${place}: ${one} in ${first}, ${other} in ${second}`;
}

async function firstDifference(one: StreamStore, other: StreamStore): Promise<Difference | null> {
  const columns = ({ fields, extras }: StreamStore) =>
    [
      ...fields.map(({ name, dtype }) => `${name}: ${dtype}`),
      ...extras.map(({ name, kind }) => `${name}: ${kind} beside`),
    ].join(", ");
  if (columns(one) !== columns(other)) return { what: "fields", one: columns(one), other: columns(other) };
  if (one.firstRow !== other.firstRow) {
    return { what: "the first row", one: String(one.firstRow), other: String(other.firstRow) };
  }
  const to = Math.min(one.rowCount, other.rowCount);
  return await withBar("Comparing", async (bar) => {
    for (let at = one.firstRow, end: number; at < to; at = end) {
      end = blockEnd(one, at, to);
      const found = isSame(one, other, at, end) ? null : differenceIn(one, other, at, end);
      if (found !== null) return found;
      bar.at(end - one.firstRow, to - one.firstRow, "rows");
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    if (one.rowCount === other.rowCount) return null;
    return { what: "the number of rows", one: grouped(one.rowCount), other: grouped(other.rowCount) };
  });
}

/** Whether a block is the same for sure, which its columns tell where every row has every field. */
function isSame(one: StreamStore, other: StreamStore, from: number, to: number): boolean {
  const [left, right] = [fullColumns(one, from, to), fullColumns(other, from, to)];
  if (left === null || right === null || !hasSameBytes(left.steps, right.steps)) return false;
  // A list of one is none of a number.
  const [first, second] = [one.row(from), other.row(from)];
  const hasSameKinds = one.fields.every(({ name }) => typeof first[name] === typeof second[name]);
  return hasSameKinds && left.columns.every((column, at) => isSameColumn(column, right.columns[at])) &&
    one.extras.every(({ name }) => {
      const values = other.extra(name).slice(from, to);
      return one.extra(name).slice(from, to).every((value, i) => isSameExtra(value, values[i]));
    });
}

function isSameColumn(one: Column, other: Column): boolean {
  if (one.width !== other.width || !hasSameBytes(one.values, other.values)) return false;
  return one.offsets === null || other.offsets !== null && hasSameBytes(one.offsets, other.offsets);
}

function hasSameBytes(one: ArrayBufferView, other: ArrayBufferView): boolean {
  return Buffer.compare(bytesOf(one), bytesOf(other)) === 0;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

function isSameExtra(one: string | Uint8Array | null, other: string | Uint8Array | null): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return hasSameBytes(one, other);
  return one === other;
}

/** By their bits, and numbers are no lists. */
function isSameValue(one: RowValue | undefined, other: RowValue | undefined): boolean {
  if (typeof one === "number" && typeof other === "number") {
    return hasSameBytes(Float64Array.of(one), Float64Array.of(other));
  }
  if (typeof one === "object" && typeof other === "object") return hasSameBytes(one, other);
  return one === other;
}

function differenceIn(one: StreamStore, other: StreamStore, from: number, to: number): Difference | null {
  const [left, right] = [one.rows(from, to), other.rows(from, to)];
  const extras = one.extras.map(({ name }) => ({
    name,
    left: one.extra(name).slice(from, to),
    right: other.extra(name).slice(from, to),
  }));
  for (const [i, row] of left.entries()) {
    const found = differenceOfRows(row, right[i], one) ??
      extras.map(({ name, left, right }) => ({ name, pair: [left[i], right[i]] }))
        .filter(({ pair: [left, right] }) => !isSameExtra(left, right))
        .map(({ name, pair: [left, right] }) => ({
          what: name,
          one: extraText(left),
          other: extraText(right),
        }))[0];
    if (found) return { ...found, row: from + i };
  }
  return null;
}

function differenceOfRows(left: Row, right: Row, { fields }: StreamStore): Difference | null {
  if (left.step !== right.step) {
    return { what: "the step", one: String(left.step), other: String(right.step) };
  }
  for (const { name, dtype } of fields) {
    if (isSameValue(left[name], right[name])) continue;
    return { what: name, one: valueText(left[name], dtype), other: valueText(right[name], dtype) };
  }
  return null;
}
