import { type Data, type Field, makeData, RecordBatch, type Schema, Struct, Table } from "apache-arrow";

/** A column, in one piece or several. */
export interface ChunkedColumn {
  readonly field: Field;
  readonly chunks: readonly Data[];
}

/**
 * A table of columns whose pieces may end at different rows: a record batch for every row at which one of them does. The
 * library takes columns by an object, in which names that are whole numbers would come first.
 */
export function tableOf(schema: Schema, columns: readonly ChunkedColumn[], rowCount: number): Table {
  const ends = new Set([rowCount]);
  for (const { chunks } of columns) {
    let end = 0;
    for (const chunk of chunks) ends.add(end += chunk.length);
  }
  if (rowCount > 0) ends.delete(0);
  const cursors = columns.map(({ chunks }) => new Cursor(chunks));
  let from = 0;
  const batches = [...ends].sort((a, b) => a - b).map((end) => {
    const length = end - from;
    from = end;
    const children = cursors.map((cursor) => cursor.take(length));
    return new RecordBatch(
      schema,
      makeData({ type: new Struct(schema.fields), length, nullCount: 0, children }) as never,
    );
  });
  return new Table(schema, batches);
}

/** Goes through the pieces of a column. */
class Cursor {
  #chunk = 0;
  #row = 0;

  constructor(private readonly chunks: readonly Data[]) {}

  /** The next rows, which lie within one piece. */
  take(length: number): Data {
    while (this.#chunk < this.chunks.length - 1 && this.#row === this.chunks[this.#chunk].length) {
      this.#chunk++;
      this.#row = 0;
    }
    const chunk = this.chunks[this.#chunk];
    const start = this.#row;
    this.#row += length;
    return start === 0 && length === chunk.length ? chunk : chunk.slice(start, length);
  }
}
