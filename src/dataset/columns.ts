/** The files of a dataset and what their columns are, before rows are read: for a store that is made of it. */
import { type Dtype, dtypeKinds, dtypeNames, holds } from "../dtypes.ts";
import type { LoadTarget } from "../store/session.ts";
import { formOfMedia, type FoundMedia } from "./extras/media.ts";
import type { ExtraForm } from "./extras/wanted.ts";
import type { Layout } from "./features.ts";
import type { LoadDatasetOptions } from "./load_options.ts";
import type { RowFile } from "./rows.ts";
import { isNullType } from "./value_types.ts";

/** A column of a dataset. */
export interface FoundColumn {
  readonly name: string;
  /** The dtypes of its numbers: none where it has nothing but nulls. A text where it holds something else: why it is no field. */
  readonly dtypes: readonly Dtype[] | string;
  /** As what it is an extra, where it can be one without being asked for by name. */
  readonly form?: ExtraForm;
  /** Of a struct of bytes and a path, where it was looked at: which of them it has. */
  readonly media?: FoundMedia;
}

/** A file that can tell of its columns. */
export interface DatasetFile extends RowFile {
  /**
   * In the order of the file. Text, which has no types, is read for it from one end to the other; of structs of bytes and a
   * path it is told which they have, if that is asked for, for which rows may have to be read.
   */
  columns(action: string, looksAtMedia?: boolean): Promise<readonly FoundColumn[]>;
}

/** Opens the files of a dataset one after another. */
export type DatasetFiles = readonly (() => Promise<DatasetFile>)[];

/** The files of a split that were found. */
export interface OpenedDataset {
  readonly files: DatasetFiles;
  /** Those that were given; at the Hub with a bar that listens. */
  readonly options: LoadDatasetOptions;
  /** Told of a store that has the rows of these files and no others. */
  readonly settle?: (store: LoadTarget) => void;
}

/** Why most columns are no fields that are none. */
export const noNumbers = "it holds no numbers";

/** Whether a column is of pictures, sounds or films that are elsewhere, which was looked at. */
export function arePaths({ media }: FoundColumn): boolean {
  return media !== undefined && !media.hasBytes && media.hasPaths;
}

/** What is left out of such a column. */
export const pathsAlone = "it has paths without bytes: the paths are kept as text";

/** Those of a column that is laid out as it is. */
export function dtypesOf({ value }: Layout): Dtype[] {
  return isNullType(value) ? [] : [value.dtype];
}

/** The columns of all files, in the order in which they are first met. What holds no numbers in one file is no field. */
export async function columnsOf(
  files: DatasetFiles,
  action: string,
  looksAtMedia: boolean,
): Promise<FoundColumn[]> {
  const found = new Map<string, FoundColumn>();
  for (const open of files) {
    const file = await open();
    try {
      for (const column of await file.columns(action, looksAtMedia)) {
        const before = found.get(column.name);
        found.set(column.name, before === undefined ? column : merged(before, column));
      }
    } finally {
      await file.close();
    }
  }
  return [...found.values()];
}

/** What a column is that files differ in: only nulls say nothing against another file. */
export function merged(one: FoundColumn, other: FoundColumn): FoundColumn {
  const isOdd = (dtypes: FoundColumn["dtypes"]) => typeof dtypes === "string";
  const { name } = one;
  if (!isOdd(one.dtypes) && !isOdd(other.dtypes)) return { name, dtypes: [...one.dtypes, ...other.dtypes] };
  const dtypes = isOdd(one.dtypes) ? one.dtypes : other.dtypes;
  if (one.media !== undefined && other.media !== undefined) {
    const hasBytes = one.media.hasBytes || other.media.hasBytes;
    const media = { hasBytes, hasPaths: one.media.hasPaths || other.media.hasPaths };
    return { name, dtypes, form: formOfMedia(media), media };
  }
  const forms = new Set([one, other].filter(({ dtypes }) => dtypes.length > 0).map(({ form }) => form));
  return { name, dtypes, form: forms.size === 1 ? [...forms][0] : undefined };
}

const narrowestFirst = dtypeNames.toSorted((a, b) =>
  dtypeKinds[a].bits - dtypeKinds[b].bits || rank(a) - rank(b)
);

/** Of dtypes of as many bits integers come first: what holds integers is better one of integers. */
function rank(dtype: Dtype): number {
  return ["bool", "unsigned", "signed", "float"].indexOf(dtypeKinds[dtype].kind);
}

/** The narrowest dtype that has every value of all of these; float64, which refuses what it does not hold, where none has. */
export function commonDtype(dtypes: readonly Dtype[]): Dtype {
  if (dtypes.length === 0) return "float64";
  return narrowestFirst.find((holder) => dtypes.every((held) => holds(holder, held))) ?? "float64";
}
