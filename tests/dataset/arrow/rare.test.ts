/** Arrow files with columns of types that no field has: those of other types are read all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldMap, StreamStore } from "../../../mod.ts";
import { fixture } from "../../support/dataset.ts";
import { countRefused } from "../../support/errors.ts";
import { inFolder, plainRows } from "../../support/saved.ts";

const fields = { first: { type: 0, dtype: "int64" }, label: 1, last: 2, nothing: 3 } as const;
const rows = [
  { first: 1n, label: 7, last: [1.5] },
  { first: 2n, label: 8, last: [] },
  { label: 7 },
  { first: 4n, label: 9, last: [2.5, -0] },
  { first: 5n, label: 8, last: [NaN] },
];

for (const name of ["rare.arrow", "rare.arrows"]) {
  test(`loadDataset() of ${name} has the numbers that pyarrow wrote beside columns of rare types`, async () => {
    using store = new StreamStore(fields);
    await store.loadDataset(fixture(name));
    assert.deepEqual(plainRows(store), rows);
    const views = [3, 1, 4, 0, 2];
    const sorted = { views, words: [0, 2, 1, 4, 3], binary_views: views, fixed: [0, 2, 3, 4, 1] };
    for (const [sortBy, order] of Object.entries(sorted)) {
      using store = new StreamStore({ label: 0, last: 1 });
      await store.loadDataset(fixture(name), "train", { sortBy });
      assert.deepEqual(
        plainRows(store),
        order.map((row) => {
          const { first: _, ...others } = rows[row];
          return others;
        }),
        sortBy,
      );
    }
  });

  test(`loadDataset() of ${name} refuses a column of a rare type as a field, as steps and to sort by`, async () => {
    const types: Record<string, RegExp> = {
      runs: /RunEndEncoded/,
      nested_runs: /Struct/,
      list_view: /ListView/,
      large_view: /LargeListView/,
      runs_of_lists: /RunEndEncoded/,
      runs_of_words: /RunEndEncoded/,
      view_of_runs: /ListView/,
      views: /Utf8View/,
      binary_views: /BinaryView/,
      lists_of_views: /List<Utf8View>/,
      sparse: /Union/,
      dense: /Union/,
      words: /Dictionary<.*Utf8>/,
      pairs: /Map/,
      fixed: /FixedSizeBinary/,
    };
    for (const [column, type] of Object.entries(types)) {
      using store = new StreamStore<FieldMap>({ [column]: 0, first: { type: 1, dtype: "float64" } });
      await assert.rejects(store.loadDataset(fixture(name)), (error: Error) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, new RegExp(`the column of field "${column}" must be numbers`));
        assert.match(error.message, type);
        return true;
      });
      using other = new StreamStore({ first: 0 });
      await assert.rejects(
        other.loadDataset(fixture(name), "train", { step: column }),
        new RegExp(`the step column "${column}" must be of integers, got `),
      );
      if (["views", "words", "binary_views", "fixed"].includes(column)) continue;
      await assert.rejects(
        other.loadDataset(fixture(name), "train", { sortBy: column }),
        new RegExp(`the column "${column}" to sort by must be of numbers, strings or bytes, got `),
      );
      assert.equal(other.rowCount, 0);
    }
    using none = new StreamStore({ other: 0 });
    await assert.rejects(none.loadDataset(fixture(name)), /got columns .*runs.*list_view/);
  });
}

test("loadDataset() of a damaged file with rare types throws or loads, as of any other", () =>
  inFolder(async (folder) => {
    using store = new StreamStore(fields);
    const refused = await countRefused(store, folder, ["rare.arrow", "rare.arrows"], 400);
    assert.ok(refused > 100, `${refused} of 800`);
  }));
