import { describe } from "../../../fields.ts";
import { checkOptions, optionNames } from "../../../options.ts";

/**
 * How files of CSV are read, where it is not with commas, with empty cells for nulls, and without dates. Part of
 * {@linkcode LoadDatasetOptions}.
 */
export interface CsvOptions {
  /** What stands between cells: one character. By default a comma, and a tab in files named `.tsv`. */
  readonly delimiter?: string;
  /** Words that stand for null, in any column, as the empty cell does: `["NA", "null"]`. */
  readonly nulls?: readonly string[];
  /**
   * Columns of dates, or of dates and times, as ISO 8601 has them: `2024-01-31`, `2024-01-31T12:30:00.25Z`, also with a
   * space for the `T`, and with an offset as `+02:00`. They become microseconds since 1970, of the feature
   * `timestamp[us]`; without an offset they are taken as UTC.
   */
  readonly dates?: readonly string[];
}

const names = optionNames<CsvOptions>({ delimiter: true, nulls: true, dates: true });

export function checkCsvOptions(options: unknown, action: string): CsvOptions {
  if (options === undefined) return {};
  const refuse = (what: string, got: unknown) =>
    new TypeError(`Cannot ${action}: csv.${what}, got ${describe(got)}`);
  checkOptions(options as object, names, action, "csv.");
  const { delimiter, nulls, dates } = options as CsvOptions;
  if (delimiter !== undefined && !(typeof delimiter === "string" && /^[^"\r\n\ufeff]$/u.test(delimiter))) {
    throw refuse('delimiter must be one character other than " and the ends of lines', delimiter);
  }
  for (const [name, list] of Object.entries({ nulls, dates })) {
    if (list === undefined || Array.isArray(list) && list.every((word) => typeof word === "string")) continue;
    throw refuse(`${name} must be a list of strings`, list);
  }
  return { delimiter, nulls: nulls && [...nulls], dates: dates && [...dates] };
}
