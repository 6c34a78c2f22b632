/** A network between clients and a server: what goes through it can be held up, slowed down, and cut off. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { pause } from "../../../src/pause.ts";

export class Proxy {
  /** How long each piece takes, in milliseconds. */
  delay = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  /** Whoever waits for it while nothing goes through. */
  #mended: Promise<void> = Promise.resolve();
  #mend: () => void = () => {};

  private constructor(private readonly target: number) {
    this.#server = createServer((socket) => this.#join(socket));
  }

  /** To a port of this machine. */
  static async start(target: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { readonly port: number }).port}`;
  }

  /** Nothing goes through any more, and nobody is told: neither those that are connected nor those that connect. */
  cut(): void {
    this.#mend();
    this.#mended = new Promise((resolve) => this.#mend = resolve);
  }

  /** What was held up goes on. */
  mend(): void {
    this.#mend();
  }

  /** Connections end. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async end(): Promise<void> {
    this.mend();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.reset();
    await closed;
  }

  #join(client: Socket): void {
    const server = connect(this.target, "127.0.0.1");
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      // `close` follows.
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    void this.#carry(client, server);
    void this.#carry(server, client);
  }

  async #carry(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const bytes of from) {
        await this.#mended;
        if (this.delay > 0) await pause(this.delay);
        if (!to.write(bytes)) await once(to, "drain");
      }
    } catch {
      // It was closed.
    }
    from.destroy();
  }
}
