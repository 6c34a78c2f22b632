/** A server of NATS on loopback, in a folder of its own, that can be killed and come back. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { pause } from "../../../src/pause.ts";

const program = process.env.STREAMSTORE_NATS;

/** Why there is none, or false. */
export const noServer: string | false = program !== undefined && existsSync(program)
  ? false
  : "there is no NATS server: ./run test installs one, where PyPI has it";

export class NatsServer {
  #child: ChildProcess | null = null;

  private constructor(private readonly folder: string, readonly port: number) {}

  static async start(folder: string): Promise<NatsServer> {
    const server = new NatsServer(folder, await freePort());
    await server.start();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Returns once it answers. */
  async start(): Promise<void> {
    const log = join(this.folder, "nats.log");
    const before = existsSync(log) ? readFileSync(log, "utf8").length : 0;
    const args = [
      "-js",
      "-sd",
      join(this.folder, "nats"),
      "-a",
      "127.0.0.1",
      "-p",
      `${this.port}`,
      "-l",
      log,
    ];
    this.#child = spawn(program!, args, { stdio: "ignore" });
    while (!(existsSync(log) && readFileSync(log, "utf8").slice(before).includes("Server is ready"))) {
      await pause(20);
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
