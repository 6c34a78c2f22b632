/** Messages of a store make another the same, however they are cut, doubled, reordered and lost. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { decodeRows, encodeRows } from "../../src/replicate/message.ts";
import { openReplica, type Outcome, type Replica } from "../../src/replicate/replica.ts";
import { sessionOf } from "../../src/store/session.ts";
import { inFolder } from "../support/cli/command.ts";
import { Random } from "../support/support.ts";

const fields = {
  flag: "bool",
  list: "float32",
  count: "int64",
  wide: "uint64",
  half: "float16",
} as const;
const extra = { note: "string", frame: "bytes" } as const;

const specials = [NaN, Infinity, -0, 1.5, -2, 65504];

function randomValues(pick: (below: number) => number): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  if (pick(3) > 0) values.flag = pick(2) === 1;
  if (pick(3) > 0) values.list = Array.from({ length: pick(4) }, () => specials[pick(6)]);
  if (pick(4) > 0) values.count = 2n ** 62n + BigInt(pick(100));
  if (pick(4) > 0) values.wide = 2n ** 64n - 1n - BigInt(pick(100));
  if (pick(4) > 0) values.half = specials[pick(6)];
  return values;
}

function randomExtra(pick: (below: number) => number): Record<string, unknown> {
  return {
    note: [null, "", "a\u0000b", "ö€😀", "x".repeat(5000)][pick(5)],
    frame: [null, new Uint8Array(0), Uint8Array.of(0, 255), new Uint8Array(9_000).fill(7)][pick(4)],
  };
}

test("a replica has the rows, marks, extras and sessions of its store, whatever comes twice, late or not at all", () =>
  inFolder(async (folder) => {
    let laterFirst = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const random = new Random(seed);
      const pick = (below: number) => random.below(below);
      const path = join(folder, `${seed}.stream`);
      const copy = join(folder, `${seed}.replica`);
      const sent: Uint8Array[] = [];
      let store = StreamStore.open(path, { fields, extra });
      let replica: Replica | null = null;
      const outcomes = new Set<Outcome>();
      const give = (bytes: Uint8Array) => {
        const message = decodeRows(bytes);
        replica ??= openReplica(copy, message.head);
        const outcome = replica.apply(message);
        outcomes.add(outcome);
        return outcome;
      };
      for (let step = 0; step < 60; step++) {
        const values = randomValues(pick);
        const names = Object.keys(values);
        const cut = pick(names.length + 1);
        const part = (from: number, to: number) =>
          Object.fromEntries(names.slice(from, to).map((name) => [name, values[name]]));
        const first = cut === names.length ? randomExtra(pick) : {};
        store.append(step, part(0, cut) as never, first as never);
        if (pick(3) === 0) sent.push(encodeRows(sessionOf(store)!, pick(store.rowCount), store.rowCount));
        if (cut < names.length) {
          store.append(step, part(cut, names.length) as never, randomExtra(pick) as never);
        }
        if (pick(4) === 0) {
          const from = pick(store.rowCount);
          sent.push(encodeRows(sessionOf(store)!, from, from + 1 + pick(store.rowCount - from)));
        }
        if (sent.length > 0 && pick(2) === 0) give(sent[pick(sent.length)]);
        if (pick(10) === 0) {
          store.close();
          store = StreamStore.open(path, { fields, extra });
        }
        if (replica !== null && pick(10) === 0) {
          (replica as Replica).store.close();
          replica = openReplica(copy, decodeRows(sent[0]).head);
        }
      }
      // Whatever is still missing, from the replica's own last row on.
      const from = Math.max(0, ((replica as Replica | null)?.store.rowCount ?? 0) - 1);
      assert.equal(give(encodeRows(sessionOf(store)!, from, store.rowCount)) === "gap", false);
      assert.equal(give(encodeRows(sessionOf(store)!, 0, store.rowCount)), "known");
      const made = (replica as Replica | null)!.store;
      // It begins with the first row that came first.
      const { firstRow } = made;
      laterFirst += Number(firstRow > 0);
      assert.deepEqual(made.rows(), store.rows(firstRow));
      assert.equal(made.firstToken, store.tokenOfRow(firstRow));
      assert.deepEqual(made.sessions, store.sessions.filter((row) => row >= firstRow));
      assert.equal(made.length, store.length);
      for (const name of ["note", "frame"] as const) {
        assert.deepEqual(made.extra(name).slice(firstRow, 60), store.extra(name).slice(firstRow, 60));
      }
      assert.deepEqual([...outcomes].sort(), ["applied", "gap", "known"]);
      store.close();
      assert.deepEqual((await made.verify()).damaged, []);
      made.close();
    }
    assert.ok(laterFirst > 1);
  }));
