/**
 * apache-arrow knows no run-end encoded columns and no list views, and refuses a schema that has one. Such columns are
 * left out of the schema before it is read, and their nodes and buffers out of every batch.
 */
import { NotSupported } from "../../decode.ts";
import type { RowsHeader } from "../apache_arrow.ts";
import type { FlatTable } from "../flatbuffer.ts";
import type { ArrowField } from "../../table/types.ts";

/** Columns that are left out. */
export interface Omission {
  /** What they are, to be refused by name and type where they are asked for. */
  readonly fields: readonly ArrowField[];
  /** All columns in order, those that stay too. */
  readonly columns: readonly Column[];
}

/** What a column has in each batch, those within it included. */
interface Column {
  nodes: number;
  buffers: number;
  /** Nodes of views, each of which has a number of buffers of its own in each batch. */
  views: number;
  /** A type within it, or its own, that apache-arrow does not know: as `Struct<ListView>`. */
  unknown: string | null;
}

/** Buffers that a node of a type has, by the numbers of Schema.fbs. Views have further ones. */
const types: readonly { readonly name: string; readonly buffers: number }[] = [
  ...[["None", 0], ["Null", 0], ["Int", 2], ["FloatingPoint", 2], ["Binary", 3], ["Utf8", 3], ["Bool", 2]],
  ...[["Decimal", 2], ["Date", 2], ["Time", 2], ["Timestamp", 2], ["Interval", 2], ["List", 2], [
    "Struct",
    1,
  ]],
  ...[["Union", 1], ["FixedSizeBinary", 2], ["FixedSizeList", 1], ["Map", 2], ["Duration", 2]],
  ...[["LargeBinary", 3], ["LargeUtf8", 3], ["LargeList", 2], ["RunEndEncoded", 0], ["BinaryView", 2]],
  ...[["Utf8View", 2], ["ListView", 3], ["LargeListView", 3]],
].map(([name, buffers]) => ({ name: name as string, buffers: buffers as number }));

const unknownTypes: ReadonlySet<string> = new Set(["RunEndEncoded", "ListView", "LargeListView"]);
const viewTypes: ReadonlySet<string> = new Set(["BinaryView", "Utf8View"]);
/** Since the fifth version of the metadata a union has no validity. */
const versionFive = 4;
const dense = 1;

/** Leaves columns out of a schema, or returns null where there is nothing to leave out. */
export function omitColumns(schema: FlatTable, version: number): Omission | null {
  const fields = schema.children(1);
  const columns = fields.map((field) => {
    const column = { nodes: 0, buffers: 0, views: 0, unknown: null };
    addNodes(column, field, version, "", "");
    return column;
  });
  const omitted = fields.flatMap((field, i) =>
    columns[i].unknown === null ? [] : [fieldOf(field.text(0), columns[i].unknown)]
  );
  if (omitted.length === 0) return null;
  schema.keepChildren(1, (index) => columns[index].unknown === null);
  return { fields: omitted, columns };
}

function fieldOf(name: string, type: string): ArrowField {
  return { name, type: { typeId: 0, toString: () => type }, metadata: new Map() };
}

/** Adds a field and those within it; `before` and `behind` are what stands around its type in the outermost one's. */
function addNodes(column: Column, field: FlatTable, version: number, before: string, behind: string): void {
  column.nodes++;
  if (field.child(4) !== null) {
    column.buffers += 2;
    // The values of a dictionary have batches of their own; what matters is whether their type is known.
    const values: Column = { nodes: 0, buffers: 0, views: 0, unknown: null };
    addType(values, field, version, `${before}Dictionary<`, `>${behind}`);
    column.unknown ??= values.unknown;
  } else {
    addType(column, field, version, before, behind);
  }
}

function addType(column: Column, field: FlatTable, version: number, before: string, behind: string): void {
  const type = types[field.byte(2)];
  if (type === undefined) {
    throw new NotSupported(
      `the column "${field.text(0)}" must be of a type that is known here, got type ${field.byte(2)}`,
    );
  }
  const { name, buffers } = type;
  column.buffers += buffers;
  if (viewTypes.has(name)) column.views++;
  if (name === "Union") {
    if (version < versionFive) column.buffers++;
    if ((field.child(3)?.byte(0) ?? 0) === dense) column.buffers++;
  }
  if (unknownTypes.has(name)) column.unknown ??= before + name + behind;
  for (const child of field.children(5)) addNodes(column, child, version, `${before}${name}<`, `>${behind}`);
}

/** Leaves the nodes and buffers of those columns out of what a batch at a place says of its rows. */
export function omitRows(header: RowsHeader, { columns }: Omission, at: number): RowsHeader {
  const nodes = new Sieve(header.nodes);
  const buffers = new Sieve(header.buffers);
  const counts = new Sieve(header.variadicBufferCounts);
  for (const column of columns) {
    const isKept = column.unknown === null;
    const further = counts.next(column.views, isKept).reduce((sum, count) => sum + count, 0);
    nodes.next(column.nodes, isKept);
    buffers.next(column.buffers + further, isKept);
  }
  if (nodes.isAtEnd && buffers.isAtEnd && counts.isAtEnd) {
    return {
      length: header.length,
      nodes: nodes.kept,
      buffers: buffers.kept,
      variadicBufferCounts: counts.kept,
    };
  }
  throw new Error(`rows at ${at} must be of its columns, got other nodes or buffers than those have`);
}

/** Goes through a list, and keeps some of it. */
class Sieve<Item> {
  readonly kept: Item[] = [];
  #at = 0;

  constructor(private readonly items: readonly Item[]) {}

  get isAtEnd(): boolean {
    return this.#at === this.items.length;
  }

  next(count: number, isKept: boolean): readonly Item[] {
    const items = this.items.slice(this.#at, this.#at + count);
    this.#at += count;
    if (isKept) { for (const item of items) this.kept.push(item); }
    return items;
  }
}
