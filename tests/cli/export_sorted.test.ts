/** `export --sort-by`, beside an order that is made here. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { call, inFolder, withEnvironment } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";

/** Compares rows by so many columns: values ascending, rows that lack one behind all. */
function comparing(columns: readonly ((row: number) => string | number | undefined)[]) {
  return (a: number, b: number) => {
    for (const column of columns) {
      const [left, right] = [column(a), column(b)];
      if (left === right) continue;
      if (left === undefined || right === undefined) return left === undefined ? 1 : -1;
      return left < right ? -1 : 1;
    }
    return a - b;
  };
}

interface SortedRow {
  readonly time: bigint;
  readonly action: number;
  readonly reward?: number;
  readonly list: Iterable<bigint>;
  readonly extra: { readonly prompt: string };
}

test("export --sort-by writes rows in the order of fields, extras and steps, and leaves no file", () =>
  inFolder(async (folder) => {
    const rows = 300;
    const action = (row: number) => row * 7 % 5;
    const reward = (row: number) => row % 3 === 0 ? undefined : (row * 13) % 11 - 5.5;
    const prompt = (row: number) => `p${row * 31 % 9}`;
    const store = StreamStore.open(join(folder, "run.stream"), {
      fields: { action: "uint8", reward: "float64", list: "int64" },
      extra: { prompt: "string" },
    });
    for (let row = 0; row < rows; row++) {
      const values = { action: action(row), list: row % 4 === 0 ? [] : [row, -row] };
      const given = reward(row);
      store.append(10 * row, given === undefined ? values : { ...values, reward: given }, {
        prompt: prompt(row),
      });
    }
    store.close();
    mkdirSync(join(folder, "scratch"));
    const cases = [
      ["runs.arrow", "action,reward", [action, reward]],
      ["runs.parquet", "prompt,action", [prompt, action]],
      ["runs.jsonl", "reward,prompt", [reward, prompt]],
      ["./disk", "action,time", [action, (row: number) => row]],
    ] as const;
    for (const [index, [target, sortBy, columns]] of cases.entries()) {
      const args = ["export", "run.stream", target, "--sort-by", sortBy, "--step", "time"];
      const { code, errors } = await withEnvironment({ TMPDIR: join(folder, "scratch") }, folder, ...args);
      assert.deepEqual([code, errors], [0, ""], target);
      assert.deepEqual(readdirSync(join(folder, "scratch")), []);
      using copy = new StreamStore({ time: "int64", action: "uint8", reward: "float64", list: "int64" }, {
        extra: { prompt: "string" },
      });
      await copy.loadDataset(join(folder, target));
      const order = Array.from({ length: rows }, (_, row) => row).sort(comparing(columns));
      const found = copy.rows() as unknown as SortedRow[];
      assert.deepEqual(
        found.map(({ time, action, reward, extra, list }) => [
          Number(time),
          action,
          reward,
          extra.prompt,
          Array.from(list, Number),
        ]),
        order.map((row) => [
          10 * row,
          action(row),
          reward(row),
          prompt(row),
          row % 4 === 0 ? [] : [row, -row],
        ]),
        `case ${index}`,
      );
    }
  }));

test("export --sort-by refuses what it does not go with, with 2, before it writes anything", () =>
  inFolder(async (folder) => {
    makeRun(folder);
    const wrong: [string[], RegExp][] = [
      [["./robot", "--format", "lerobot", "--sort-by", "action"], /LeRobot's frames have their own order/],
      [["user/name", "--append", "--sort-by", "action"], /--sort-by does not go with --append/],
      [["runs.arrow", "--sort-by", "acton"], /no column "acton"/],
      [["runs.arrow", "--sort-by", "time"], /no column "time"/],
    ];
    for (const [args, message] of wrong) {
      const { code, output, errors } = await call(folder, "export", "run.stream", ...args);
      assert.deepEqual([code, output], [2, ""], errors);
      assert.match(errors, message);
      assert.deepEqual(readdirSync(folder), ["run.stream"]);
    }
  }));
