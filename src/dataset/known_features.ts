import type { ExtraInfo } from "../extras.ts";
import type { Field } from "../fields.ts";
import type { Connection } from "../store/connection.ts";
import type { Feature, Layout } from "./features.ts";
import type { LoadTarget, Session } from "../store/session.ts";
import { isNullType } from "./value_types.ts";

/** What datasets said about fields and extras, by the names of their columns. null: they did not agree, and a field's own dtype decides. */
export type KnownFeatures = Map<string, Feature | null>;

/** A store whose rows are saved. */
export interface SaveSource {
  readonly connection: Connection;
  readonly fields: readonly Field[];
  readonly extras: readonly ExtraInfo[];
  readonly known: ReadonlyMap<string, Feature | null>;
}

/** The feature of a column that rows are loaded from. */
export interface LoadedFeature {
  readonly name: string;
  /** null where nothing tells of a type. */
  feature: Feature | null;
}

/** A column of numbers that rows are loaded from. */
export interface LoadedColumn extends LoadedFeature {
  readonly layout: Layout;
}

/**
 * Remembers the features that rows were loaded with, so that they go out as they came in. Rows that were there before
 * may have values that the feature cannot hold, so only a first load counts, or one that agrees with those before.
 */
export function rememberFeatures(
  known: KnownFeatures,
  loaded: readonly (LoadedFeature | LoadedColumn)[],
  wasEmpty: boolean,
): void {
  const first = new Set<string>();
  for (const { name, feature, ...column } of loaded) {
    if (feature === null) continue;
    if ("layout" in column && isNullType(column.layout.value)) {
      // Nothing but nulls says nothing against another type, before or after it.
      if (wasEmpty && !first.has(name)) known.set(name, feature);
      continue;
    }
    const isFirst = wasEmpty && !first.has(name);
    const before = isFirst ? feature : known.get(name) ?? null;
    known.set(name, JSON.stringify(before) === JSON.stringify(feature) ? feature : null);
    first.add(name);
  }
}

/** Commits, so that all rows can be read; only datasets write features, so they are what they were written as. */
export function rowsOfStore(session: Session, action: string): SaveSource {
  return session.readAll(action) as SaveSource;
}

/** Lets a task append rows to a store over some time, and remembers their features. */
export async function loadInto(
  session: Session,
  action: string,
  task: (target: LoadTarget) => Promise<readonly LoadedFeature[]>,
): Promise<void> {
  await session.load(action, async (target, wasEmpty) => {
    rememberFeatures(session.features as KnownFeatures, await task(target), wasEmpty);
  });
}
