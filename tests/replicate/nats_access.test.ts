/** A real server of NATS that asks who comes: what it refuses ends sending and following, with an error that names it. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { follow, type MessageLog, natsLog, send } from "../../replicate.ts";
import { inFolder } from "../support/cli/command.ts";
import { NatsServer, noServer } from "../support/replicate/server.ts";
import { until, within } from "../support/replicate/until.ts";

const fields = { reward: "float32" } as const;

function storeOf(count: number): StreamStore {
  const store = new StreamStore(fields);
  for (let row = 0; row < count; row++) store.append(row, { reward: row });
  return store as unknown as StreamStore;
}

const options = (server: NatsServer, connection: Record<string, unknown> = {}) => ({
  servers: server.address,
  stream: "steps",
  connection,
});
const subjects = ["steps.*"];

const refused = ({ address }: NatsServer) => ({
  name: "StreamStoreError",
  code: "permission-denied",
  message: `Cannot connect to NATS: the credentials must be right for ${address}: Authorization Violation`,
});

/** Until so many rows are there. */
async function followTo(log: MessageLog, directory: string, rowCount: number): Promise<void> {
  const end = new AbortController();
  const { signal } = end;
  const onProgress = ({ endRow }: { readonly endRow: number }) => endRow === rowCount && end.abort();
  await within(follow(log, { directory, subjects: "steps.*", signal, onProgress }));
}

async function withServer(folder: string, settings: string, use: (server: NatsServer) => Promise<void>) {
  mkdirSync(folder);
  const server = await NatsServer.start(folder, settings);
  try {
    await use(server);
  } finally {
    await server.kill();
  }
}

test(
  "natsLog() signs in by a user or a token, and says which server refuses it",
  { skip: noServer },
  () =>
    inFolder(async (folder) => {
      const ways = {
        user: [{ user: "robot", pass: "right" }, { user: "robot", pass: "wrong" }],
        token: [{ token: "right" }, { token: "wrong" }],
      };
      for (const [way, [right, wrong]] of Object.entries(ways)) {
        const settings = `authorization { ${way === "user" ? "user: robot, password" : way}: "right" }`;
        await withServer(join(folder, way), settings, async (server) => {
          for (const connection of [wrong, {}]) {
            await assert.rejects(natsLog({ ...options(server, connection), subjects }), refused(server));
          }
          const log = await natsLog({ ...options(server, right), subjects });
          using store = storeOf(10);
          await within(send(store, log, "steps.a", { signal: AbortSignal.abort() }));
          await followTo(log, join(folder, `${way}-replicas`), 10);
          await log.close();
        });
      }
    }),
);

test(
  "a password that is changed while send() and follow() work ends both, by an error that says so",
  {
    skip: noServer,
  },
  () =>
    inFolder((folder) =>
      withServer(join(folder, "server"), 'authorization { user: robot, password: "one" }', async (server) => {
        const log = await natsLog({ ...options(server, { user: "robot", pass: "one" }), subjects });
        using store = storeOf(10);
        let sent = 0;
        const sending = send(store, log, "steps.a", { onProgress: ({ sentRow }) => void (sent = sentRow) });
        const following = follow(log, { directory: join(folder, "replicas"), subjects: "steps.*" });
        await until(() => sent === 10, undefined, sending);
        await server.kill();
        server.settings = server.settings.replace("one", "two");
        store.append(10, { reward: 10 } as never);
        await server.start();
        const both = Promise.allSettled([sending, following]);
        for (const found of await within(both)) {
          assert.equal(found.status, "rejected");
          const { name, code, message } = (found as PromiseRejectedResult).reason;
          assert.deepEqual({ name, code, message }, refused(server));
        }
      })
    ),
);

test(
  "what a user is not allowed ends send(), by an error that says which subject",
  { skip: noServer },
  () =>
    inFolder((folder) => {
      const rule = 'permissions: { publish: { deny: ["steps.>"] } }';
      const settings = `authorization { users = [ { user: reader, password: "right", ${rule} } ] }`;
      return withServer(join(folder, "server"), settings, async (server) => {
        const log = await natsLog({ ...options(server, { user: "reader", pass: "right" }), subjects });
        using store = storeOf(10);
        const must = `Cannot use a log: the user must be allowed what it does at ${server.address}`;
        await assert.rejects(within(send(store, log, "steps.a", { signal: AbortSignal.abort() })), {
          code: "permission-denied",
          message: `${must}: Permissions Violation for Publish to "steps.a"`,
        });
        await log.close();
      });
    }),
);

test(
  "natsLog() without subjects refuses a stream that is not there, and one that is closed ends what uses it",
  {
    skip: noServer,
  },
  () =>
    inFolder((folder) =>
      withServer(join(folder, "server"), "", async (server) => {
        const must =
          `Cannot open a log: the stream must be at ${server.address}, or subjects given to make it`;
        await assert.rejects(natsLog(options(server)), {
          code: "not-found",
          message: `${must}, got "steps"`,
        });
        const log = await natsLog({ ...options(server), subjects });
        const other = await natsLog(options(server));
        await other.close();
        using store = storeOf(10);
        const closed = { code: "closed", message: `Cannot use a log: it is closed, at ${server.address}` };
        await assert.rejects(within(send(store, other, "steps.a")), closed);
        const following = follow(other, { directory: join(folder, "replicas"), subjects: "steps.*" });
        await assert.rejects(within(following), closed);
        await log.close();
      })
    ),
);
