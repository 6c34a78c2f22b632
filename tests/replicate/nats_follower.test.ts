/** What a follower of a real server of NATS tells, and draws from its replicas, while the server is away too. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { follow, type FollowReport, type LogWait, natsLog, send } from "../../replicate.ts";
import { inFolder } from "../support/cli/command.ts";
import { NatsServer, noServer } from "../support/replicate/server.ts";
import { until } from "../support/replicate/until.ts";

const fields = { reward: "float32" } as const;

function appendRows(store: StreamStore, count: number): void {
  for (let i = 0; i < count; i++) store.append(store.rowCount, { reward: store.rowCount } as never);
}

test("watch() and mixture() follow what a server of NATS has, and go on when it comes back", {
  skip: noServer,
}, () =>
  inFolder(async (folder) => {
    const server = await NatsServer.start(folder);
    const place = { servers: server.address, stream: "steps", subjects: ["steps.*"] };
    const [outgoing, incoming] = [await natsLog(place), await natsLog(place)];
    const [a, b] = ["a", "b"].map((name) =>
      StreamStore.open(join(folder, name), { fields }) as unknown as StreamStore
    );
    const [sent, followed] = [new AbortController(), new AbortController()];
    const sendAll = (store: StreamStore, subject: string) =>
      send(store, outgoing, subject, { signal: AbortSignal.abort() });
    const waits: LogWait[] = [];
    const follower = follow(incoming, {
      directory: join(folder, "replicas"),
      subjects: "steps.*",
      signal: followed.signal,
      onWait: (waiting) => waits.push(waiting),
    });
    let reports: readonly FollowReport[] = [];
    const watching = (async () => {
      for await (const told of follower.watch({ every: 100 })) reports = told;
    })();
    const told = () => reports.map(({ subject, endRow, behindRows }) => [subject, endRow, behindRows]).sort();
    const isTold = (...expected: unknown[]) =>
      until(() => JSON.stringify(told()) === JSON.stringify(expected), () => JSON.stringify(told()));
    try {
      const coming = follower.mixture({ tokens: 1, batchSize: 1024, seed: 1n });
      appendRows(a, 10);
      await sendAll(a, "steps.a");
      const mixture = await coming;
      /** The rewards that are drawn, by source: of so few each comes among 1,024. */
      const drawn = () => {
        const { size, sources, values } = mixture.next()!;
        const found: Set<number>[] = [];
        for (let i = 0; i < size; i++) (found[sources![i]] ??= new Set()).add(Number(values![i]));
        return JSON.stringify(found.map((rewards) => [...rewards].sort((one, other) => one - other)));
      };
      const isDrawn = (...counts: number[]) => {
        const rows = counts.map((count) => Array.from({ length: count }, (_, row) => row));
        return until(() => drawn() === JSON.stringify(rows), drawn);
      };
      await isTold(["steps.a", 10, 0]);
      await isDrawn(10);
      const { appliedAt, refused } = reports[0];
      assert.ok(Math.abs(appliedAt! - Date.now()) < 600_000);
      assert.equal(refused, null);
      await server.kill();
      // A server that is away does not say how far behind a replica is.
      await isTold(["steps.a", 10, null]);
      await until(() => waits.length > 0);
      assert.equal(waits[0].waitingRows, 0);
      appendRows(a, 5);
      appendRows(b, 7);
      const sending = [[a, "steps.a"], [b, "steps.b"]] as const;
      const ends = sending.map(([store, subject]) => send(store, outgoing, subject, { signal: sent.signal }));
      await server.start();
      await isTold(["steps.a", 15, 0], ["steps.b", 7, 0]);
      await isDrawn(15, 7);
      sent.abort();
      await Promise.all(ends);
      followed.abort();
      await Promise.all([follower, watching]);
    } finally {
      sent.abort();
      followed.abort();
      for (const store of [a, b]) store.close();
      await Promise.all([outgoing, incoming].map((log) => log.close()));
      await server.kill();
    }
  }));
