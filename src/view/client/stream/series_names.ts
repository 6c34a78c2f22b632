/** Series by name: a field, or an element of its lists, as in `observation[2]`. */
import type { FieldOverview } from "../../protocol.ts";

/** Lines of one field, which share a chart. */
export interface Group {
  readonly field: string;
  readonly series: readonly string[];
}

/** A field's series: itself, or its elements. */
export function seriesOf({ name, width, isList }: FieldOverview, countMax = Infinity): string[] {
  const count = Math.min(countMax, width?.[1] ?? 1);
  if (!isList && count <= 1) return [name];
  return Array.from({ length: count }, (_, i) => `${name}[${i}]`);
}

/** What is shown where nothing was chosen: of the first fields one line each. */
export function usualSeries(fields: readonly FieldOverview[]): string[] {
  return fields.slice(0, 4).flatMap((field) => seriesOf(field, 1));
}

/** The chosen series by their fields, in field order. What is no field's is left out. */
export function groupsOf(fields: readonly FieldOverview[], series: readonly string[]): Group[] {
  const groups = fields.map((field) => {
    const elements = series.filter((name) => elementOf(field.name, name) !== null || name === field.name)
      .filter((name) => fields.every(({ name: other }) => other !== name || other === field.name));
    return { field: field.name, series: elements };
  });
  return groups.filter((group) => group.series.length > 0);
}

function elementOf(field: string, series: string): number | null {
  if (!series.startsWith(`${field}[`)) return null;
  const [, index] = /^\[(\d{1,9})\]$/.exec(series.slice(field.length)) ?? [];
  return index === undefined ? null : Number(index);
}

/** Names as one text in the address: a comma between them, and a backslash before a comma that is a name's own. */
export function joinNames(names: readonly string[]): string {
  return names.map((name) => name.replace(/[\\,]/g, "\\$&")).join(",");
}

export function splitNames(text: string): string[] {
  return Array.from(text.matchAll(/((?:[^\\,]|\\.)+)(?:,|$)/gs), ([, name]) => name.replace(/\\(.)/gs, "$1"));
}
