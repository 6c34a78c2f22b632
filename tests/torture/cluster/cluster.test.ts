/** Replicas are the same as their stores, whoever is killed. The long run is `./run torture --cluster`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { noServer } from "../../../examples/cluster/nats_server.ts";
import { withDirectory } from "../scratch.ts";
import { Cluster } from "./cluster.ts";

test(
  "a replica is its store, byte for byte, whichever of the processes is killed",
  { skip: noServer },
  () =>
    withDirectory(async (directory) => {
      const options = {
        folder: join(directory, "cluster"),
        seed: 7,
        servers: 1,
        collectors: 1,
        followers: 1,
      };
      const cluster = new Cluster(options);
      try {
        await cluster.start();
        for (let kill = 0; kill < 6; kill++) {
          const part = cluster.parts[kill % 3];
          await part.told();
          await part.kill();
          if (kill === 3) await cluster.servers[0].kill();
          part.start();
          if (kill === 3) await cluster.servers[0].start();
        }
        await cluster.parts[0].told();
        assert.ok(await cluster.finish() > 0);
      } finally {
        await cluster.end();
      }
    }),
);
