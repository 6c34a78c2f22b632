/** Where a follower reads on, in a log that becomes another meanwhile. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { follow, send } from "../../replicate.ts";
import { inFolder } from "../support/cli/command.ts";
import { MemoryLog } from "../support/replicate/memory_log.ts";
import { until } from "../support/replicate/until.ts";

test("a log that becomes another after it was found where to read on from costs no row, with a replica and without", () =>
  inFolder(async (folder) => {
    for (const goesOn of [true, false]) {
      const log = new MemoryLog();
      const [a, b] = ["a", "b"].map((name) =>
        StreamStore.open(join(folder, `${name}-${goesOn}.stream`), { fields: { reward: "float32" } as const })
      );
      const sendAll = async (store: typeof a, subject: string, rows: number) => {
        for (let i = 0; i < rows; i++) store.append(store.rowCount, { reward: store.rowCount });
        await send(store as never, log, subject, { signal: AbortSignal.abort(), rows: 10 });
      };
      const directory = join(folder, `replicas-${goesOn}`);
      const rowsOf = (subject: string) => {
        const path = join(directory, `${subject}.stream`);
        if (!existsSync(join(path, "head"))) return -1;
        using replica = StreamStore.open(path, { mode: "read" });
        return replica.firstRow === 0 ? replica.rowCount : -2;
      };
      await sendAll(b, "steps.b", 300);
      const first = new AbortController();
      const before = follow(log, { directory, subjects: "steps.*", signal: first.signal });
      await until(() => rowsOf("steps.b") === 300, () => rowsOf("steps.b"));
      first.abort();
      await before;
      // Nothing of a is there when it is found where to read on from, which is near the end of what is there of b.
      const read = log.read.bind(log);
      log.read = async function* (...given) {
        log.read = read;
        log.rollBack(1000);
        await sendAll(a, "steps.a", 50);
        if (goesOn) {
          await sendAll(b, "steps.b", 10);
          await sendAll(a, "steps.a", 20);
        }
        yield* read(...given);
      };
      const end = new AbortController();
      const following = follow(log, { directory, subjects: "steps.*", signal: end.signal });
      const [wantedA, wantedB] = goesOn ? [70, 310] : [50, 300];
      const found = () => `${rowsOf("steps.a")} rows of a and ${rowsOf("steps.b")} of b`;
      await until(() => rowsOf("steps.a") === wantedA && rowsOf("steps.b") === wantedB, found, following);
      end.abort();
      await following;
      assert.deepEqual(readdirSync(directory).sort(), ["steps.a.stream", "steps.b.stream"]);
      for (const store of [a, b]) store.close();
    }
  }));
