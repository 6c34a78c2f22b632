/** Servers of NATS on loopback, each in a folder of its own, which can be killed and come back. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";

/** `./run` installs the program, and names it. */
const program = process.env.STREAMSTORE_NATS;

/** Why there is none, or false. */
export const noServer: string | false = program !== undefined && existsSync(program)
  ? false
  : "there is no NATS server: ./run installs one, where PyPI has it";

/** Which of several servers one is: they find each other by the ports of their routes. */
interface Member {
  readonly name: string;
  readonly routes: readonly number[];
  readonly index: number;
}

export class NatsServer {
  #child: ChildProcess | null = null;

  private constructor(
    /** With its log, and in `nats` what it keeps. */
    readonly folder: string,
    readonly port: number,
    /** As a file of settings has them, for the next start. */
    public settings: string = "",
    private readonly member?: Member,
  ) {}

  /** One server. Returns once it answers. */
  static async start(folder: string, settings?: string): Promise<NatsServer> {
    const [port] = await freePorts(1);
    const server = new NatsServer(folder, port, settings);
    await server.start();
    return server;
  }

  /**
   * One server, or as many as keep one stream together. Returns once each answers, which is before they have agreed on a
   * leader.
   */
  static async startCluster(folder: string, count: number, settings?: string): Promise<NatsServer[]> {
    const ports = await freePorts(2 * count);
    const routes = ports.slice(count);
    const servers = Array.from({ length: count }, (_, index) => {
      const own = join(folder, `server-${index}`);
      mkdirSync(own, { recursive: true });
      const member = count === 1 ? undefined : { name: `server-${index}`, routes, index };
      return new NatsServer(own, ports[index], settings, member);
    });
    await Promise.all(servers.map((server) => server.start()));
    return servers;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** What it keeps. */
  get data(): string {
    return join(this.folder, "nats");
  }

  /** Of its process, which must run. */
  get id(): number {
    return this.#child!.pid!;
  }

  /** Returns once it answers. */
  async start(): Promise<void> {
    const log = join(this.folder, "nats.log");
    const text = () => existsSync(log) ? readFileSync(log, "utf8") : "";
    const before = text().length;
    const address = ["-a", "127.0.0.1", "-p", `${this.port}`];
    const settings = join(this.folder, "nats.conf");
    writeFileSync(settings, this.settings);
    const args = [
      ...["-c", settings, "-js", "-sd", this.data, "-l", log],
      ...address,
      ...this.#memberArguments(),
    ];
    const child = this.#child = spawn(program!, args, { stdio: "ignore" });
    while (!text().slice(before).includes("Server is ready")) {
      if (child.exitCode !== null) throw new Error(`The NATS server ended: ${text().slice(-2000)}`);
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

  #memberArguments(): string[] {
    if (this.member === undefined) return [];
    const { name, routes, index } = this.member;
    const url = (port: number) => `nats://127.0.0.1:${port}`;
    const others = routes.filter((_, i) => i !== index).map(url);
    return ["-n", name, "-cluster_name", "loopback", "-cluster", url(routes[index]), "-routes", `${others}`];
  }
}

/** Ports that nobody listens at just now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => {
    server.close();
    return once(server, "close");
  }));
  return ports;
}
