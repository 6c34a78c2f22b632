/** Which rows a column of pixels holds. */

/**
 * The first row of each column, and the row after the last: column c holds the rows r with
 * `floor((r - from) * columns / (to - from)) = c`. In parts that are exact: the product itself need not be below 2^53.
 */
export function columnStarts(from: number, to: number, columns: number): Float64Array {
  const rows = to - from;
  const rest = rows % columns;
  const whole = (rows - rest) / columns;
  return Float64Array.from(
    { length: columns + 1 },
    (_, column) => from + column * whole + Math.ceil(column * rest / columns),
  );
}
