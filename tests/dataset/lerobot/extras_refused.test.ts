/** Images, text and tasks of LeRobot's datasets that loadLeRobot() refuses. */
import { Binary, type Data, Int64, makeData } from "apache-arrow";
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadLeRobot, type LoadLeRobotOptions } from "../../../mod.ts";
import { type Change, lengths, type Row, writeDataset } from "../../support/lerobot/datasets.ts";
import { frameColumns, imageAt, wrist } from "../../support/lerobot/frames.ts";
import { inFolder } from "../../support/saved.ts";
import { mediaData, plainData } from "../extras/columns.ts";

const versions = ["v2.1", "v3.0"] as const;

/** Loads into a directory what is not as it must be. */
async function refuses(
  change: Change,
  extra: LoadLeRobotOptions["extra"],
  message: RegExp,
  name = "StreamStoreError",
  columns?: string[],
): Promise<void> {
  for (const version of Object.keys(change).length > 0 ? versions : ["v3.0"] as const) {
    await inFolder(async (folder) => {
      await writeDataset(join(folder, "source"), { version, lengths }, { columns: frameColumns, ...change });
      const path = join(folder, "run.stream");
      await assert.rejects(
        loadLeRobot(join(folder, "source"), { path, extra, columns }),
        (error: Error) => {
          assert.match(error.message, message);
          assert.match(error.message, /^Cannot load a LeRobot dataset: /);
          assert.equal(error.name, name);
          return true;
        },
      );
      assert.deepEqual(readdirSync(folder), ["source"]);
    });
  }
}

/** A column of 20 as a file of rows has it, from the row 20 on in another way. */
const changed = (data: (from: number, to: number) => Record<string, Data>) => (from: number, to: number) =>
  to > 20 ? { ...frameColumns(from, to), ...data(from, to) } : frameColumns(from, to);

test("loadLeRobot() refuses images that are elsewhere, and columns that not all files have", async () => {
  const count = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const elsewhere = changed((from, to) => ({
    [wrist]: mediaData(
      count(from, to).map((row) => row === 21 ? null : imageAt(row)),
      count(from, to).map((row) => `frame-${row}.png`),
    ),
  }));
  await refuses(
    { columns: elsewhere },
    true,
    /"observation\.images\.wrist" at row 21 \(.*parquet\) must be bytes, got a path alone; as an extra of "string"/,
  );
  const integers = changed((from, to) => ({
    instruction: makeData({
      type: new Int64(),
      length: to - from,
      data: new BigInt64Array(to - from),
    }) as unknown as Data,
  }));
  await refuses({ columns: integers }, true, /"instruction".*numbers|"instruction".*int64/i, "TypeError");
  const missing = (from: number, to: number): Record<string, Data> => {
    const { [wrist]: image, instruction } = frameColumns(from, to);
    return to > 20 ? { instruction } : { [wrist]: image, instruction };
  };
  await refuses({ columns: missing }, [wrist], /data\/.*parquet must have the column "observation\.images/);
  const encoder = new TextEncoder();
  const noText = changed((from, to) => ({
    instruction: plainData(
      new Binary(),
      count(from, to).map((row) => row === 22 ? Uint8Array.of(97, 0xff) : encoder.encode("a")),
    ),
  }));
  await refuses({ columns: noText }, true, /"instruction" at row 22 .*must be UTF-8, got the bytes ff at 1$/);
});

test("loadLeRobot() refuses tasks that are not in their list", async () => {
  const other = (value: unknown) => ({
    row: (row: Row) => row.index === 20n ? { ...row, task_index: value } : row,
  });
  const message = /parquet: row \d must be of a task, "task_index" 0 to 1, got /;
  await refuses(other(2n), true, new RegExp(message.source + "2$"));
  await refuses(other(-1n), ["task"], new RegExp(message.source + "-1$"), undefined, ["code"]);
  await refuses(other(null), ["task"], new RegExp(message.source + "null$"));
  const without = { row: ({ task_index: _, ...row }: Row) => row };
  await refuses(without, ["task"], /must have the column "task_index"$/, undefined, ["code"]);
});

test("loadLeRobot() refuses extras that are no text and no images", async () => {
  const listed =
    "extra must name features of text or images \\(observation.images.wrist, instruction, task\\)";
  const refusesNames = (extra: unknown, message: string, name = "TypeError") =>
    refuses({}, extra as true, new RegExp(message), name);
  await refusesNames(["cam"], `${listed}, got "cam": there is none$`);
  await refusesNames(["code"], `${listed}, got "code": it holds numbers$`);
  await refusesNames(
    ["observation.images.top"],
    `${listed}, got .*: it is a video, which a store does not hold$`,
  );
  await refusesNames({ task: "bytes" }, "extra.task must be string, got bytes$");
  await refusesNames({ task: "text" }, "extra.task must be string, bytes or json, got", "RangeError");
  await refusesNames(7, "extra must be true, names of columns, or an object");
  await refuses(
    { columns: undefined },
    [wrist],
    /it is an image, of which the files have no column$/,
    "TypeError",
  );
});
