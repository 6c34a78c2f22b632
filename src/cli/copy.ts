/** Rows of one store into another: values as they are, unless dtypes differ. */
import type { ColumnInput } from "../append/columns.ts";
import type { Dtype } from "../dtypes.ts";
import type { FieldEntry } from "../fields.ts";
import { StreamStore } from "../store.ts";
import { sessionOf } from "../store/session.ts";
import { blockEnd, fullColumns } from "./blocks.ts";

/** The fields of a store, as another is made with: with their type IDs, and with other dtypes where they are given. */
export function fieldsOf(
  { fields }: StreamStore,
  dtypes: ReadonlyMap<string, Dtype> = new Map(),
): FieldEntry[] {
  return fields.map(({ name, type, dtype }) => [name, { type, dtype: dtypes.get(name) ?? dtype }]);
}

/** A new store with the fields and extras of another, and none of its rows. */
export function makeLike(
  path: string,
  source: StreamStore,
  dtypes?: ReadonlyMap<string, Dtype>,
): StreamStore {
  const extra = Object.fromEntries(source.extras.map(({ name, kind }) => [name, kind]));
  return StreamStore.open(path, { fields: fieldsOf(source, dtypes), extra, mode: "create" }) as StreamStore;
}

/** Copies rows `[from, to)`, and where writers began with them. `onProgress` is told how many are done. */
export async function copyRows(
  source: StreamStore,
  target: StreamStore,
  [from, to]: readonly [number, number],
  onProgress: (rows: number) => void,
): Promise<void> {
  const session = sessionOf(target)!;
  const begun = source.sessions.filter((row) => row >= from && row < to);
  // With the first row of a part its writer begins, whether it began there in the source or not.
  for (let at = from, end: number; at < to; at = end) {
    end = blockEnd(source, at, begun.find((row) => row > at) ?? to);
    if (at > from) session.beginSession(begun.includes(at) ? target.rowCount : null);
    if (!copyColumns(source, target, at, end)) copyEach(source, target, at, end);
    onProgress(end - from);
    // So that Ctrl-C is heard.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** In one pass, if every row has every field. */
function copyColumns(source: StreamStore, target: StreamStore, from: number, to: number): boolean {
  const block = fullColumns(source, from, to);
  if (block === null) return false;
  const first = source.row(from);
  const columns = block.columns.map(({ values, width, offsets }, at): [string, ColumnInput] => {
    const { name } = source.fields[at];
    if (offsets !== null) return [name, { values, offsets: BigInt64Array.from(offsets, BigInt) }];
    // A list of one is none of a number.
    return [name, typeof first[name] === "object" ? { values, width: width! } : values];
  });
  const extra = Object.fromEntries(
    source.extras.map(({ name }) => [name, source.extra(name).slice(from, to)]),
  );
  target.appendColumns({ ...Object.fromEntries(columns), step: block.steps } as never, {
    extra: extra as never,
  });
  return true;
}

function copyEach(source: StreamStore, target: StreamStore, from: number, to: number): void {
  const extras = source.extras.map(({ name }) => [name, source.extra(name).slice(from, to)] as const);
  for (const [i, row] of source.rows(from, to).entries()) {
    // A row has what stands beside it under a name of its own.
    const values = source.fields.flatMap(({ name }) =>
      row[name] === undefined ? [] : [[name, row[name]] as const]
    );
    const beside = Object.fromEntries(extras.map(([name, column]) => [name, column[i]]));
    target.append(row.step, Object.fromEntries(values), beside);
  }
}
