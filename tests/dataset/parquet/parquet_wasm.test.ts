/** What is relied on of the files that parquet-wasm makes: they are read here by another library, before they are put together. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bool, Field, Float32, Int64, List, Schema, Table, vectorFromArray } from "apache-arrow";
import { type FileMetaData, parquetMetadata, readOffsetIndex } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { JoinedFile, loadEncoder } from "../../../src/dataset/parquet/write/parquet_wasm.ts";

const rowCount = 60_000;

function tableOfRows(): Table {
  const rows = Array.from({ length: rowCount }, (_, row) => row);
  const type = new List(new Field("item", new Float32(), true));
  return new Table({
    id: vectorFromArray(rows.map((row) => row % 7 === 0 ? null : BigInt(row)), new Int64()),
    pair: vectorFromArray(rows.map((row) => row % 5 === 0 ? null : [row, -row]), type),
    done: vectorFromArray(rows.map((row) => row % 100 === 0), new Bool()),
  });
}

interface Encoded {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly metadata: FileMetaData;
}

async function encode(table: Table): Promise<Encoded> {
  const bytes = (await loadEncoder())(table, 32_000_000);
  const { buffer } = new Uint8Array(bytes);
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer), metadata: parquetMetadata(buffer) };
}

test("loadEncoder() makes files as they are taken apart: one page behind another, each in an index", async () => {
  const { bytes, view, metadata } = await encode(tableOfRows());
  assert.equal(metadata.created_by, "parquet-rs version 59.3.0", "the version of parquet-wasm's own library");
  assert.equal(metadata.row_groups.length, 1);
  let [at, pages] = [4, 0];
  for (const { columns, file_offset, ordinal } of metadata.row_groups) {
    assert.deepEqual(
      [Number(file_offset), typeof ordinal],
      [at, "number"],
      "a group begins with its first page",
    );
    for (const column of columns) {
      const { meta_data: meta, offset_index_offset, column_index_offset } = column;
      assert.equal(Number(meta!.data_page_offset), at, "a column begins where the one before ends");
      assert.equal(meta!.dictionary_page_offset, undefined, "no column has a dictionary");
      assert.equal(column_index_offset, undefined, "no column has an index of what its pages hold");
      assert.deepEqual(meta!.codec, "SNAPPY", "columns are compressed as was asked for");
      const index = readOffsetIndex({ view, offset: Number(offset_index_offset) });
      for (const { offset, compressed_page_size: size } of index.page_locations) {
        const reader = { view, offset: at };
        const header = parquetHeader(reader);
        assert.equal(Number(offset), at, "the index says where a page begins");
        assert.equal(
          size,
          reader.offset - at + header.compressed_page_size,
          "and its bytes, header included",
        );
        assert.equal(header.crc, undefined, "no page has a checksum");
        assert.equal(header.type, "DATA_PAGE", "all pages are of the first format");
        at += size;
        pages++;
      }
      assert.equal(
        at,
        Number(meta!.data_page_offset + meta!.total_compressed_size),
        "pages fill their column",
      );
    }
  }
  assert.ok(pages > 6, `${pages} pages`);
  assert.deepEqual([...bytes.subarray(0, 4)], [..."PAR1"].map((letter) => letter.charCodeAt(0)));
});

test("loadEncoder() makes files that tell of least and largest values, and of the schema by Arrow's key", async () => {
  const { metadata } = await encode(tableOfRows());
  const [{ columns, num_rows }] = metadata.row_groups;
  assert.equal(Number(num_rows), rowCount);
  const { min_value, max_value, null_count } = columns[0].meta_data!.statistics!;
  assert.deepEqual([min_value, max_value, null_count], [
    1n,
    BigInt(rowCount - 1),
    BigInt(Math.ceil(rowCount / 7)),
  ]);
  assert.deepEqual(metadata.key_value_metadata!.map(({ key }) => key), ["ARROW:schema"]);
});

test("JoinedFile.add() says how a file differs from those that it is made for", async () => {
  const { bytes, view, metadata } = await encode(tableOfRows());
  const [column] = metadata.row_groups[0].columns;
  const changed = (at: number): Uint8Array => {
    const other = bytes.slice();
    other[at] ^= 2;
    return other;
  };
  const lengthAt = bytes.length - 8;
  const index = Number(column.offset_index_offset);
  // Its list's head, and the fields that begin a page's place: the byte behind is of the offset.
  assert.equal(view.getUint8(index), 0x19);
  const cases: [Uint8Array, RegExp][] = [
    [
      changed(index + 3),
      /not as version 0\.8\.0 makes them: an index must tell of a page from 4 to \d+, got \d+$/,
    ],
    [changed(4), /not as version 0\.8\.0 makes them: the header of a page must /],
    [changed(lengthAt), /not as version 0\.8\.0 makes them: its footer must /],
  ];
  for (const [file, message] of cases) {
    assert.throws(() => new JoinedFile().add(file), message, String(message));
  }
  const joined = new JoinedFile();
  joined.add(bytes);
  joined.add(bytes);
  assert.equal(joined.rowCount, 2 * rowCount);
  const end = joined.end(new Schema([]));
  const { row_groups } = parquetMetadata(new Uint8Array(end.flatMap((piece) => [...piece])).buffer);
  assert.deepEqual(row_groups.map(({ ordinal }) => ordinal), [0, 1]);
});

test("JoinedFile keeps nothing of a file that was added: what it ends with is its own", async () => {
  const encoder = await loadEncoder();
  const table = tableOfRows();
  const endOf = (isCleared: boolean) => {
    const joined = new JoinedFile();
    for (let i = 0; i < 2; i++) {
      const encoded = encoder(table, 32_000_000);
      joined.add(encoded);
      if (isCleared) encoded.fill(0);
    }
    return joined.end(null);
  };
  assert.deepEqual(endOf(true), endOf(false));
});
