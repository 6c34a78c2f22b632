/** Replication by a real server of NATS, which is killed while it works. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { follow, natsLog, send } from "../../replicate.ts";
import { pause } from "../../src/pause.ts";
import { inFolder } from "../support/cli/command.ts";
import { NatsServer, noServer } from "../support/replicate/server.ts";
import { until, within } from "../support/replicate/until.ts";

const fields = { reward: "float32", observation: "float32" } as const;
const rowCount = 20_000;

test(
  "stores arrive whole at a follower while the server is killed and comes back",
  { skip: noServer },
  () =>
    inFolder(async (folder) => {
      const server = await NatsServer.start(folder);
      const place = { servers: server.address, stream: "steps" };
      const outgoing = await natsLog({ ...place, subjects: ["steps.*"] });
      const incoming = await natsLog(place);
      const names = ["a", "b"];
      const stores = names.map((name) =>
        StreamStore.open(join(folder, name), { fields, extra: { note: "string" } })
      );
      try {
        const [sent, followed] = [new AbortController(), new AbortController()];
        let waits = 0;
        const onWait = () => void waits++;
        const sending = stores.map((store, i) =>
          send(store as never, outgoing, `steps.${names[i]}`, { signal: sent.signal, rows: 1000, onWait })
        );
        const arrived = new Map<string, number>();
        const following = follow(incoming, {
          directory: join(folder, "replicas"),
          subjects: "steps.*",
          signal: followed.signal,
          onProgress: ({ subject, endRow }) => {
            arrived.set(subject, endRow);
            if ([...arrived.values()].filter((end) => end === rowCount).length === 2) followed.abort();
          },
        });
        for (let row = 0; row < rowCount; row++) {
          for (const store of stores) {
            const note = row % 1000 === 0 ? { note: `row ${row}` } : {};
            store.append(row, { reward: row, observation: [row / 2, -row] }, note);
          }
          if (row % 500 === 0) await pause(1);
          if (row === rowCount / 2) await server.kill();
          if (row === rowCount / 2 + 2000) {
            await until(() => waits > 0);
            await server.start();
          }
        }
        sent.abort();
        await within(Promise.all([...sending, following]), () => JSON.stringify([...arrived]));
        for (const [i, name] of names.entries()) {
          const path = join(folder, "replicas", `steps.${name}.stream`);
          using replica = StreamStore.open(path, { mode: "read" });
          assert.deepEqual(replica.rows(rowCount - 100), stores[i].rows(rowCount - 100));
          for (const field of ["reward", "observation"] as const) {
            assert.deepEqual(replica.column(field), stores[i].column(field));
          }
          const [ours, theirs] = [replica.extra("note"), stores[i].extra("note")];
          assert.deepEqual(ours.slice(0, rowCount), theirs.slice(0, rowCount));
        }
      } finally {
        for (const store of stores) store.close();
        await Promise.all([outgoing, incoming].map((log) => log.close()));
        await server.kill();
      }
    }),
);

test("what followers have noted is found by senders, and gone with a server that has lost all", {
  skip: noServer,
}, () =>
  inFolder(async (folder) => {
    const server = await NatsServer.start(folder);
    const log = await natsLog({ servers: server.address, stream: "steps", subjects: ["steps.*"] });
    try {
      assert.equal(await log.applied!("trainer", "a"), null);
      for (const row of [7, 8]) await log.noteApplied!("trainer", "a", row);
      await log.noteApplied!("other", "a", 9);
      assert.deepEqual([await log.applied!("trainer", "a"), await log.applied!("trainer", "b")], [8, null]);
      await server.kill();
      rmSync(join(folder, "nats"), { recursive: true });
      await server.start();
      while (await log.applied!("trainer", "a").catch(() => 8) !== null) await pause(20);
      while (await log.noteApplied!("trainer", "a", 3).then(() => false, () => true)) await pause(20);
      assert.equal(await log.applied!("trainer", "a"), 3);
    } finally {
      await log.close();
      await server.kill();
    }
  }));

test(
  "a stream that a server has lost is made again, and all is sent and followed on",
  { skip: noServer },
  () =>
    inFolder(async (folder) => {
      const server = await NatsServer.start(folder);
      const open = () => natsLog({ servers: server.address, stream: "steps", subjects: ["steps.*"] });
      const [outgoing, incoming] = [await open(), await open()];
      using store = StreamStore.open(join(folder, "a"), { fields });
      const end = new AbortController();
      const { signal } = end;
      const directory = join(folder, "replicas");
      let arrived = 0;
      const onProgress = ({ endRow }: { endRow: number }) => void (arrived = endRow);
      try {
        const sending = send(store as never, outgoing, "steps.a", { signal });
        const following = follow(incoming, { directory, subjects: "steps.*", signal, onProgress });
        for (let row = 0; row < 100; row++) store.append(row, { reward: row });
        await until(() => arrived === 100);
        await server.kill();
        rmSync(server.data, { recursive: true });
        await server.start();
        for (let row = 100; row < 200; row++) store.append(row, { reward: row });
        await until(() => arrived === 200);
        end.abort();
        await Promise.all([sending, following]);
        using replica = StreamStore.open(join(directory, "steps.a.stream"), { mode: "read" });
        assert.deepEqual(replica.rows(), store.rows());
      } finally {
        end.abort();
        await Promise.all([outgoing, incoming].map((log) => log.close()));
        await server.kill();
      }
    }),
);

test("where no server answers, the error names it", async () => {
  await assert.rejects(natsLog({ servers: "127.0.0.1:1", stream: "steps" }), {
    code: "input-output",
    message: /^Cannot connect to NATS: a server must answer at 127\.0\.0\.1:1: /,
  });
});
