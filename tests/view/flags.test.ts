/** `/api/flag`, `/api/flags` and `/api/flagged`: what a user says of episodes, and what becomes of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../../mod.ts";
import type { EpisodesAnswer, FlagAnswer } from "../../src/view/protocol.ts";
import { episodesRoute } from "../../src/view/routes/episodes.ts";
import { flagRoute, flagsRoute } from "../../src/view/routes/flag.ts";
import { flaggedRoute } from "../../src/view/routes/flagged.ts";
import { runFlags } from "../support/runtime.ts";
import { ask, askText, refusal } from "../support/view/asked.ts";

/** Episodes of five rows, two environments in turn, with text beside them. */
function makeStore(path: string): void {
  using store = StreamStore.open(path, {
    fields: { env: "uint8", reward: "float64", done: "bool" },
    extra: { note: "string" },
  });
  for (let row = 0; row < 40; row++) {
    const values = { env: row % 2, done: Math.floor(row / 2) % 5 === 4 };
    store.append(row, row === 3 ? values : { ...values, reward: row / 8 }, {
      note: row === 4 ? 'a "b",\nc' : null,
    });
  }
}

async function inStore(
  task: (path: string, store: StreamStore, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "view-flags-"));
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(folder, "cache");
  try {
    const path = join(folder, "run.stream");
    makeStore(path);
    using store = StreamStore.open(path, { mode: "read" });
    await task(path, store, folder);
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(folder, { recursive: true });
  }
}

const own = { header: "flag" };

test("/api/flag keeps a flag beside the store, which stays whole, and takes it away again", () =>
  inStore(async (path, store) => {
    const before = readdirSync(path).sort();
    await ask<FlagAnswer>(flagRoute, store, { row: 10, flag: "bad" }, { path, ...own });
    const { flags } = await ask<FlagAnswer>(flagRoute, store, { row: 0, flag: "<b>good</b>" }, {
      path,
      ...own,
    });
    const expected = [{ row: 0, flag: "<b>good</b>" }, { row: 10, flag: "bad" }];
    assert.deepEqual(flags, expected);
    assert.deepEqual(await ask<FlagAnswer>(flagsRoute, store, {}, { path }), { flags: expected });
    assert.deepEqual(readdirSync(path).sort(), [...before, "view-flags.json"].sort());
    const { episodes } = await ask<EpisodesAnswer>(episodesRoute, store, { end: "done" }, { path });
    assert.deepEqual(episodes.filter(({ flag }) => flag !== null).map(({ firstRow }) => firstRow), [0, 10]);
    assert.deepEqual((await store.verify()).damaged, []);
    using again = StreamStore.open(path);
    again.append(40, { reward: 1 });
    const { flags: left } = await ask<FlagAnswer>(flagRoute, store, { row: 0, flag: "" }, { path, ...own });
    assert.deepEqual(left, [{ row: 10, flag: "bad" }]);
  }));

test("/api/flag refuses a question without the page's header, rows that are none, and what is too long", () =>
  inStore(async (path, store) => {
    const query = { row: 0, flag: "bad" };
    const refused = /^403 Cannot keep the flag: the header x-streamstore must be "flag", got /;
    for (const header of [null, "", "FLAG", "flag, flag"]) {
      assert.match(await refusal(flagRoute, store, query, { path, header }), refused);
    }
    const known = [
      [{ row: 40, flag: "x" }, /^400 .*row must be a whole number from 0 to 39, got "40"$/],
      [{ row: 0, flag: "x".repeat(65) }, /^400 .*at most 64 characters, got 65$/],
      [{ row: "../x", flag: "x" }, /^400 .*row must be a whole number/],
      [{ row: 0, flag: "x", path: "/etc" }, /^400 /],
    ] as const;
    for (const [query, expected] of known) {
      assert.match(await refusal(flagRoute, store, query, { path, ...own }), expected);
    }
    assert.deepEqual(readdirSync(path).filter((name) => name.includes("flags")), []);
  }));

test("/api/flag leaves a file that it cannot read as it is, and says which", () =>
  inStore(async (path, store) => {
    const file = join(path, "view-flags.json");
    for (
      const text of ["", "{", "null", "[]", '{"version":2,"flags":[]}', '{"version":1,"flags":[{"row":"1"}]}']
    ) {
      writeFileSync(file, text);
      const said = await refusal(flagRoute, store, { row: 0, flag: "bad" }, { path, ...own });
      assert.ok(said.startsWith(`409 Cannot read flags: ${file} must hold what was written there`), said);
      assert.equal(readFileSync(file, "utf8"), text);
    }
  }));

test("/api/flag keeps flags of a store that may not be written to in the user's cache folder", () =>
  inStore((path, _, folder) => {
    const script = fileURLToPath(new URL("../support/view/flag_as_nobody.ts", import.meta.url));
    const user = process.getuid?.() === 0 ? "65534" : "self";
    writeFileSync(join(path, "view-flags.json"), '{"version":1,"flags":[{"row":10,"flag":"old"}]}');
    for (const name of readdirSync(path)) chmodSync(join(path, name), 0o644);
    chmodSync(path, 0o555);
    chmodSync(folder, 0o755);
    const cache = join(folder, "cache");
    mkdirSync(cache);
    chmodSync(cache, 0o777);
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [...runFlags, script, user, path],
      { encoding: "utf8" },
    );
    chmodSync(path, 0o755);
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), [
      { flags: [{ row: 0, flag: "bad" }, { row: 10, flag: "old" }] },
      { flags: [{ row: 0, flag: "bad" }] },
      { flags: [{ row: 0, flag: "bad" }] },
    ]);
    assert.match(readdirSync(join(cache, "streamstore")).join(), /^flags-[0-9a-f]{32}\.json$/);
    assert.equal(readFileSync(join(path, "view-flags.json"), "utf8").includes("bad"), false);
    return Promise.resolve();
  }));

test("/api/flagged gives the rows of the flagged episodes, of each its own environment's", () =>
  inStore(async (path, store) => {
    const rule = { end: "done", environment: "env" };
    const none = await refusal(flaggedRoute, store, rule, { path });
    assert.match(none, /^404 Cannot export episodes: at least one must have the flag, got none$/);
    await ask(flagRoute, store, { row: 0, flag: "bad" }, { path, ...own });
    await ask(flagRoute, store, { row: 11, flag: "bad" }, { path, ...own });
    await ask(flagRoute, store, { row: 1, flag: "good" }, { path, ...own });
    const steps = [0, 2, 4, 6, 8, 11, 13, 15, 17, 19];
    const { answer, text } = await askText(flaggedRoute, store, { ...rule, flag: "bad" }, { path });
    assert.deepEqual([answer.type, answer.fileName], ["application/jsonl; charset=utf-8", "flagged.jsonl"]);
    assert.deepEqual(
      text.trimEnd().split("\n").map((line) => JSON.parse(line)),
      steps.map((step) => ({
        step,
        env: step % 2,
        reward: step === 3 ? null : step / 8,
        done: Math.floor(step / 2) % 5 === 4 ? 1 : 0,
        note: step === 4 ? 'a "b",\nc' : null,
      })),
    );
    const { text: csv } = await askText(flaggedRoute, store, { ...rule, flag: "bad", format: "csv" }, {
      path,
    });
    assert.ok(
      csv.startsWith('step,env,reward,done,note\n0,0,0,0,\n2,0,0.25,0,\n4,0,0.5,0,"a ""b"",\nc"\n'),
      csv,
    );
    const all = await askText(flaggedRoute, store, rule, { path });
    assert.equal(all.text.trimEnd().split("\n").length, 15);
    assert.match(
      await refusal(flaggedRoute, store, { ...rule, format: "xml" }, { path }),
      /^400 .*got "xml"$/,
    );
  }));
