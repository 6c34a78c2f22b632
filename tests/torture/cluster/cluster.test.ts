/** Replicas are the same as their stores, whoever is killed. The long run is `./run torture --cluster`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { noServer } from "../../../examples/cluster/nats_server.ts";
import { pause } from "../../../src/pause.ts";
import { StreamStore } from "../../../mod.ts";
import { contentOf, fieldsBy } from "../content.ts";
import { withDirectory } from "../scratch.ts";
import { Cluster } from "./cluster.ts";
import type { Control } from "./control_follower.ts";
import { faults } from "./faults/faults.ts";
import { copyServers, waitForMessages } from "./faults/rolled_back.ts";
import { checkWindows } from "./windows_content.ts";

/** A small cluster, which is compared in the end, once `torture` has done what it does. Returns the rows compared. */
async function tortureSmall(
  torture: (cluster: Cluster) => Promise<void>,
  control?: Control,
): Promise<number> {
  return await withDirectory(async (directory) => {
    const cluster = new Cluster({
      folder: join(directory, "cluster"),
      seed: 7,
      servers: 1,
      collectors: 1,
      followers: 1,
      trainers: control === undefined ? 1 : 0,
      control,
      catchUpMilliseconds: control === undefined ? undefined : 4000,
    });
    try {
      await cluster.start();
      await torture(cluster);
      return await cluster.finish();
    } finally {
      await cluster.end();
      cluster.remove();
    }
  });
}

test(
  "a replica is its store, byte for byte, whichever of the processes is killed",
  { skip: noServer },
  async () => {
    const compared = await tortureSmall(async (cluster) => {
      const { parts } = cluster;
      for (const part of parts) {
        await part.told();
        await part.kill();
        if (part.role === "follower") {
          await cluster.withServers(async ([server]) => {
            await server.kill();
            await server.start();
          });
        }
        part.start();
      }
      await parts[0].told();
    });
    assert.ok(compared > 0);
  },
);

test("replicas are their stores whatever else happens to processes, servers, disks and the network", {
  skip: noServer,
}, async () => {
  const happened: string[] = [];
  let noDisk: string | null = null;
  const compared = await tortureSmall(async (cluster) => {
    if (typeof cluster.disk === "string") noDisk = cluster.disk;
    for (const [name, { happen }] of Object.entries(faults)) {
      await Promise.all(cluster.parts.map((part) => part.told()));
      // Those that wait for somebody to end are over when that one has.
      const milliseconds = ["full-disk", "copied-outbox"].includes(name) ? 60_000 : 400;
      if (await happen(cluster, milliseconds, () => {})) happened.push(name);
      cluster.throwFailure();
    }
  });
  const expected = Object.keys(faults).filter((name) => name !== "full-disk" || noDisk === null);
  assert.deepEqual(happened, expected, noDisk ?? "");
  assert.ok(compared > 0);
});

/** A follower that goes by the log's numbers, where a server comes back with an older disk. */
const trustSequence = () =>
  tortureSmall(async (cluster) => {
    const [follower] = cluster.partsOf("follower");
    const goOn = async () => {
      for (const before = Number(follower.line); Number(follower.line) < before + 5;) await pause(10);
    };
    await goOn();
    const rollBack = await copyServers(cluster);
    assert.ok(await waitForMessages(cluster, 30_000));
    await goOn();
    await rollBack();
    await pause(500);
  }, "sequence");

/** One that acknowledges after it has appended, which is killed. */
const acknowledgeLate = () =>
  tortureSmall(async (cluster) => {
    const [follower] = cluster.partsOf("follower");
    for (let kill = 0; kill < 5; kill++) {
      await follower.told();
      await follower.kill();
      follower.start();
    }
    await follower.told();
  }, "acknowledgement");

test(
  "the comparison finds followers that trust the log's numbers, or acknowledge after they have appended",
  { skip: noServer },
  async () => {
    const expected = /the replica of steps\.0 in .* has \d+ rows of \d+/;
    await Promise.all([trustSequence, acknowledgeLate].map((run) => assert.rejects(run, expected)));
  },
);

test("trainers find a window that is no piece of what was written", () => {
  using store = new StreamStore(fieldsBy.uint16);
  for (let step = 0; step < 100; step++) store.append(step, contentOf(step, "uint16") as never);
  const drawn = () =>
    StreamStore.mixture([store], {
      tokens: 32,
      batchSize: 4,
      seed: 3,
      output: { values: "float64", steps: "float64" },
    }).next()!;
  assert.equal(checkWindows(drawn(), "uint16"), 4);
  for (const column of ["values", "types", "steps"] as const) {
    const windows = drawn();
    windows[column][77]++;
    assert.throws(() => checkWindows(windows, "uint16"), /A window is no piece/);
  }
});
