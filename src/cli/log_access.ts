/** Who signs in at the servers of a log, and whom they are believed by: as the client of NATS takes it. */
import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";

export interface AccessOptions {
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  readonly creds?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/** What is secret may come by the environment, which other users of the machine do not see, by the names that `nats` has. */
export function addAccessOptions(command: Command): Command {
  return command
    .addOption(new Option("--user <name>", "who signs in, with --password").env("NATS_USER"))
    .addOption(new Option("--password <text>", "the user's").env("NATS_PASSWORD"))
    .addOption(new Option("--token <text>", "a token that the servers take").env("NATS_TOKEN"))
    .addOption(new Option("--creds <file>", "credentials, as nsc writes them").env("NATS_CREDS"))
    .option(
      "--tls-ca <file>",
      "of who has signed the servers' certificates, where the system does not know it",
    )
    .option("--tls-cert <file>", "a certificate of one's own, with --tls-key")
    .option("--tls-key <file>", "its key");
}

/** Options of the client. */
export async function readAccess(options: AccessOptions): Promise<Record<string, unknown>> {
  const { user, password: pass, token, creds, tlsCa, tlsCert, tlsKey } = options;
  const files = Object.entries({ ca: tlsCa, cert: tlsCert, key: tlsKey }).filter(([, path]) =>
    path !== undefined
  );
  const tls = Object.fromEntries(files.map(([name, path]) => [name, read(path!).toString()]));
  return {
    ...{ user, pass, token },
    ...files.length > 0 && { tls },
    ...creds !== undefined && { authenticator: await authenticatorOf(creds) },
  };
}

async function authenticatorOf(path: string): Promise<unknown> {
  const { credsAuthenticator } = await import("@nats-io/transport-node");
  const authenticator = credsAuthenticator(new Uint8Array(read(path)));
  try {
    // The client would find out while it connects.
    authenticator("");
  } catch (cause) {
    throw new Error(`Cannot read ${path}: it must have credentials: ${(cause as Error).message}`, { cause });
  }
  return authenticator;
}

function read(path: string): Uint8Array & { toString(): string } {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`Cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}
