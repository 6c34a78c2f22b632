import { ownValue } from "../../../own_value.ts";
import { NamedExtraError } from "../../extras/appender.ts";
import { checkPaths } from "../../extras/arrow.ts";
import { defaultFeatureOf, type ExtraFeature, loadedFeature } from "../../extras/features.ts";
import { ExtraError, type ExtraPiece } from "../../extras/pieces.ts";
import type { WantedExtra } from "../../extras/wanted.ts";
import { wrongExtra } from "../../refusals.ts";
import type { ByteColumn, ByteLeaf } from "./byte_columns.ts";
import type { ParquetFile } from "./file.ts";
import { leavesOfNode, type NestedNode } from "./nested.ts";

/** The column of an extra. */
interface ExtraPlan {
  readonly extra: WantedExtra;
  /** What is kept as JSON, or as what it is. */
  readonly column: NestedNode | ByteColumn;
  readonly feature: ExtraFeature;
  /** What it is where there are only paths: those of pictures stay such. */
  readonly pathsFeature: ExtraFeature;
}

/** Finds the columns of the extras that a file has. */
export function planExtras(
  file: ParquetFile,
  extras: readonly WantedExtra[],
  action: string,
): readonly ExtraPlan[] {
  return extras.flatMap((extra): ExtraPlan[] => {
    const { name, form } = extra;
    if (!file.columns.has(name)) return [];
    const column = file.extras.get(name);
    if (form === "json") {
      const feature = defaultFeatureOf("string");
      return [{ extra, column: file.nodeOf(name), feature, pathsFeature: feature }];
    }
    if (column === undefined) throw wrongExtra(action, name, file.contentOf(name) ?? "numbers");
    const named = ownValue(file.features, name);
    const feature = loadedFeature(form, column.layout, named);
    return [{ extra, column, feature, pathsFeature: loadedFeature(form, column.layout, named, true) }];
  });
}

/** Where the values of a column are in the file. */
export function leavesOf({ column, extra }: ExtraPlan): readonly { readonly path: string }[] {
  if ("children" in column) return leavesOfNode(column);
  const { values, paths } = column;
  return paths === null ? [values] : extra.form === "bytes" ? [values, paths] : [paths];
}

/** What the rows of a row group have of extras: those of one after those of another. */
export async function* extraPieces(
  file: ParquetFile,
  group: number,
  plans: readonly ExtraPlan[],
): AsyncGenerator<ExtraPiece> {
  for (const { extra, column, feature: whole, pathsFeature } of plans) {
    let feature = whole;
    if ("children" in column) {
      yield { extra, feature, firstRow: 0, ...await file.readNested(group, column) };
      continue;
    }
    const { paths, values } = column;
    const isText = extra.form !== "bytes";
    // Of a struct of bytes and a path, text is the path.
    const leaf = isText && paths !== null ? paths : values;
    const arePaths = isText && paths !== null && !await file.hasValue(group, column, values);
    if (arePaths) feature = pathsFeature;
    const known = isText || paths === null ? null : await pathLengths(file, group, column, paths);
    let firstRow = 0;
    for await (const rows of file.readExtra(group, column, leaf)) {
      try {
        if (known !== null) checkPaths(rows.lengths, known.subarray(firstRow));
      } catch (error) {
        throw error instanceof ExtraError ? named(extra.name, firstRow, error) : error;
      }
      yield { extra, feature, firstRow, ...rows };
      firstRow += rows.lengths.length;
    }
  }
}

async function pathLengths(
  file: ParquetFile,
  group: number,
  column: ByteColumn,
  paths: ByteLeaf,
): Promise<Int32Array> {
  const all = new Int32Array(file.groupRows[group]);
  let row = 0;
  for await (const { lengths } of file.readExtra(group, column, paths)) {
    all.set(lengths.subarray(0, all.length - row), row);
    row += lengths.length;
  }
  return all;
}

function named(name: string, firstRow: number, { row, allowed, found }: ExtraError): NamedExtraError {
  return new NamedExtraError(name, new ExtraError(firstRow + row, allowed, found));
}
