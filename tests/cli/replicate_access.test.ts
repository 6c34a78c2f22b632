/** `send` and `follow` by servers of NATS that ask who comes, or show a certificate. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nkeys } from "@nats-io/transport-node";
import { StreamStore } from "../../mod.ts";
import { call, type Ended, inFolder, Running, withEnvironment } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";
import { makeCertificates, noCertificates } from "../support/replicate/certificates.ts";
import { NatsServer, noServer } from "../support/replicate/server.ts";

async function withServer(
  folder: string,
  settings: string,
  use: (where: readonly string[]) => Promise<void>,
) {
  const own = join(folder, "server");
  mkdirSync(own);
  const server = await NatsServer.start(own, settings);
  try {
    await use(["--servers", server.address]);
  } finally {
    await server.kill();
  }
}

const sending = (
  where: readonly string[],
) => ["send", "run.stream", ...where, "--subject", "steps.a", "--once"];

/** A store goes to the server and comes back. */
async function goesThrough(folder: string, where: readonly string[]): Promise<void> {
  makeRun(folder, 10);
  const { code, errors } = await call(folder, ...sending(where));
  assert.deepEqual([code, errors], [0, ""]);
  const follower = new Running(folder, "follow", "replicas", ...where, "--json");
  await follower.until(({ output }) => output.includes('"rows": 10}'));
  assert.equal(await follower.end(), 130);
  using replica = StreamStore.open(join(folder, "replicas", "steps.a.stream"), { mode: "read" });
  using store = StreamStore.open(join(folder, "run.stream"), { mode: "read" });
  assert.deepEqual(replica.rows(), store.rows());
}

function failsWith({ code, output, errors }: Ended, message: RegExp): void {
  assert.deepEqual([code, output], [1, ""]);
  assert.match(errors, message);
}

test("send and follow by TLS believe servers that --tls-ca has signed, and show their own certificate", {
  skip: noServer || noCertificates,
}, () =>
  inFolder(async (folder) => {
    const { pathOf } = makeCertificates(folder);
    const [ca, certificate, key] = (["ca.pem", "server.pem", "server.key"] as const).map(pathOf);
    const files = `cert_file: "${certificate}", key_file: "${key}", ca_file: "${ca}"`;
    // Asked for and looked at, so that whoever has none is refused.
    await withServer(folder, `tls { ${files}, verify: true }`, async (where) => {
      const own = ["--tls-cert", pathOf("client.pem"), "--tls-key", pathOf("client.key")];
      await goesThrough(folder, [...where, "--tls-ca", ca, ...own]);
      const unknown = await call(folder, ...sending([...where, ...own, "--retry"]));
      failsWith(
        unknown,
        /^streamstore: Cannot connect to NATS: a certificate must be trusted of 127\.0\.0\.1:\d+: /,
      );
      const none = await call(folder, ...sending([...where, "--tls-ca", "none.pem", "--retry"]));
      failsWith(none, /^streamstore: Cannot read none\.pem: ENOENT/);
    });
  }));

test(
  "send and follow sign in by a file of credentials",
  { skip: noServer },
  () =>
    inFolder(async (folder) => {
      const pair = nkeys.createUser();
      const seed = new TextDecoder().decode(pair.getSeed());
      const part = (what: string, text: string) =>
        `-----BEGIN ${what}-----\n${text}\n------END ${what}------\n\n`;
      // A server that knows the key asks for no more than a signature.
      const credentials = part("NATS USER JWT", "e30.e30.e30") + part("USER NKEY SEED", seed);
      writeFileSync(join(folder, "robot.creds"), credentials);
      writeFileSync(join(folder, "wrong.creds"), "nothing");
      await withServer(
        folder,
        `authorization { users = [ { nkey: ${pair.getPublicKey()} } ] }`,
        async (where) => {
          await goesThrough(folder, [...where, "--creds", "robot.creds"]);
          failsWith(
            await call(folder, ...sending(where)),
            /the credentials must be right for 127\.0\.0\.1:\d+: /,
          );
          const wrong = await call(folder, ...sending([...where, "--creds", "wrong.creds", "--retry"]));
          failsWith(wrong, /^streamstore: Cannot read wrong\.creds: it must have credentials: /);
        },
      );
    }),
);

test(
  "send takes a user and a password of the environment",
  { skip: noServer },
  () =>
    inFolder(async (folder) => {
      makeRun(folder, 10);
      await withServer(folder, 'authorization { user: robot, password: "right" }', async (where) => {
        const environment = { NATS_USER: "robot", NATS_PASSWORD: "right" };
        const { code, errors } = await withEnvironment(environment, folder, ...sending(where));
        assert.deepEqual([code, errors], [0, ""]);
      });
    }),
);
