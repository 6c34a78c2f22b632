/** Batches as text: a table for each window, padding included. */
import type { AnyBatch, OffsetValues } from "../sample/batch.ts";
import type { StreamStore } from "../store.ts";
import { line, printable, widthOf } from "./output.ts";
import { type BatchWriter, lengthOf } from "./batch_parts.ts";
import { tableLines } from "./table.ts";
import { extraText, valueText } from "./values.ts";

const padding = "·";
const missing = "-";

/** `paths` are those of the sources. */
export function textWriter(store: StreamStore, paths: readonly string[]): BatchWriter {
  const names = new Map(store.fields.map(({ type, name }) => [type, name]));
  return {
    write(batch, index) {
      if (index > 0) line();
      line(printable(`batch ${index}: ${batch.size} windows, ${shapesText(batch)}`));
      for (let window = 0; window < batch.size; window++) showWindow(batch, window, names, paths);
    },
    end: () => {},
  };
}

/** `observation [2, 4, 8]`: B windows, S rows, W values. */
function shapesText(batch: AnyBatch): string {
  const { size, fields } = batch;
  if (fields === undefined) return `values [${size}, ${lengthOf(batch)}]`;
  return Object.entries(fields).map(([name, { values, width }]) =>
    `${name} [${size}, ${values.length / size / width}, ${width}]`
  ).join(", ");
}

function showWindow(
  batch: AnyBatch,
  window: number,
  names: ReadonlyMap<number, string>,
  paths: readonly string[],
): void {
  const { starts, lengths, probabilities, weights, sources, fields } = batch;
  const isOffsets = Object.values(fields ?? {}).some((field) => "offsets" in field);
  const unit = fields === undefined && batch.types !== undefined ? "token" : "row";
  const told = [
    isOffsets
      ? `around ${unit} ${starts[window]}`
      : `from ${unit} ${starts[window]}, ${lengths[window]} of ${lengthOf(batch)}`,
    ...(sources ? [`in ${printable(paths[sources[window]])}`] : []),
    ...(probabilities ? [`probability ${valueText(probabilities[window], "float32")}`] : []),
    ...(weights ? [`weight ${valueText(weights[window], "float32")}`] : []),
  ];
  line();
  line(`window ${window}: ${told.join(", ")}`);
  if (isOffsets) return showOffsets(batch, window);
  const rows = fields === undefined ? tokenRows(batch, window, names) : denseRows(batch, window);
  const titles = fields === undefined
    ? ["place", "step", "field", "value"]
    : ["place", "step", ...Object.keys(fields), ...Object.keys(batch.extra ?? {})];
  showTable(titles, rows);
}

function showTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const columns = titles.map((title) => ({ title, align: "right" as const }));
  for (const text of tableLines(columns, rows, widthOf() - 2)) line(`  ${text}`);
}

function tokenRows(batch: AnyBatch, window: number, names: ReadonlyMap<number, string>): string[][] {
  const { mask, steps, types, values } = batch;
  const length = lengthOf(batch);
  return Array.from({ length }, (_, place) => {
    const at = window * length + place;
    if (mask[at] === 0) return [String(place), padding, padding, padding];
    const field = types ? names.get(types[at]) ?? String(types[at]) : missing;
    return [
      String(place),
      steps ? String(steps[at]) : missing,
      field,
      values ? valueText(values[at], "float32") : missing,
    ];
  });
}

function denseRows(batch: AnyBatch, window: number): string[][] {
  const { mask, steps, fields = {}, extra = {} } = batch;
  const length = lengthOf(batch);
  return Array.from({ length }, (_, place) => {
    const at = window * length + place;
    const isPadding = mask[at] === 0;
    return [
      String(place),
      isPadding ? padding : steps ? String(steps[at]) : missing,
      ...Object.values(fields).map((field) => isPadding ? padding : cellText(field, at)),
      ...Object.values(extra).map((windows) => isPadding ? padding : extraText(windows[window][place])),
    ];
  });
}

/** The values of one row, of which some may be missing. */
function cellText(
  { width, values, mask }: { width: number; values: ArrayLike<number | bigint>; mask: Uint8Array },
  row: number,
) {
  const cells = Array.from({ length: width }, (_, i) => {
    const at = row * width + i;
    return mask[at] === 0 ? missing : valueText(values[at], "float32");
  });
  return cells.length === 1 ? cells[0] : `[${cells.join(", ")}]`;
}

/** Fields have offsets of their own: a table for each. */
function showOffsets({ size, fields = {} }: AnyBatch, window: number): void {
  for (const [name, field] of Object.entries(fields)) {
    const { offsets = [0], offsetMask, values, width } = field as OffsetValues;
    const count = values.length / size / width;
    const rows = Array.from({ length: count }, (_, i) => {
      const at = window * count + i;
      const isOutside = offsetMask !== undefined && offsetMask[at] === 0;
      // With "edge" there are values too, which are those of another row.
      return [
        String(offsets[i]),
        isOutside ? padding : "",
        isOutside ? unmasked(field, at) : cellText(field, at),
      ];
    });
    showTable(["offset", "padding", name], rows);
  }
}

function unmasked(
  { width, values }: { width: number; values: ArrayLike<number | bigint> },
  row: number,
): string {
  const cells = Array.from({ length: width }, (_, i) => valueText(values[row * width + i], "float32"));
  return cells.length === 1 ? cells[0] : `[${cells.join(", ")}]`;
}
