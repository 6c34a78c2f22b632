/**
 * A HuggingFace Hub for tests: dataset repositories in memory, behind the HTTP API that the real Hub's clients speak, on
 * 127.0.0.1. What it does as the real one does is checked with Python's `huggingface_hub` and `datasets`; see
 * server.test.ts. Pull requests, models, spaces and Xet are left out.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Answer, concatenate, type Host, HubError, json } from "./exchange.ts";
import { damage, type Fault, Faults } from "./faults.ts";
import { type LoggedRequest, RequestLog } from "./log.ts";
import { handle } from "./routes.ts";
import { wait } from "../time.ts";
import { type HubSettings, HubState } from "./state.ts";

/** A running Hub. */
export class Hub extends HubState {
  /** May write to all that is `user`'s. */
  readonly token = this.accounts.add("hf_testTokenThatWrites", "user", "write");
  /** May read what is `user`'s. */
  readonly readToken = this.accounts.add("hf_testTokenThatReads", "user", "read");
  /** May neither read nor write what is `user`'s and private. */
  readonly strangerToken = this.accounts.add("hf_testTokenOfStranger", "stranger", "write");
  readonly faults = new Faults();
  readonly log = new RequestLog();
  private servers: Server[] = [];

  async open(): Promise<void> {
    this.endpoint = await this.listen("hub");
    this.storage = await this.listen("storage");
  }

  /** Closes all connections, also those of requests that are being answered. */
  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })
    ));
    this.servers = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async listen(host: Host): Promise<string> {
    const server = createServer((incoming, outgoing) => {
      // A client that went away in the middle of a request is no failure of the server.
      this.serve(host, incoming, outgoing).catch(() => outgoing.destroy());
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  private async serve(host: Host, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = "GET", headers } = incoming;
    const url = new URL(incoming.url ?? "/", host === "hub" ? this.endpoint : this.storage);
    const entry: LoggedRequest = {
      host,
      method,
      path: decodeURIComponent(url.pathname),
      query: url.search,
      range: headers.range,
      hasToken: headers.authorization !== undefined,
      status: 0,
      bytes: 0,
    };
    this.log.entries.push(entry);
    const pieces: Uint8Array[] = [];
    for await (const piece of incoming) pieces.push(piece);
    const fault = this.faults.take(entry) ?? {};
    if (fault.delayMilliseconds !== undefined) await wait(fault.delayMilliseconds);
    await fault.before?.();
    if (fault.drop === "request") return disconnect(incoming);
    let answer: Answer | undefined;
    if (fault.status === undefined || fault.handled) {
      if (fault.ignoreRange) delete headers.range;
      answer = this.answer(host, { method, url, headers, body: concatenate(pieces) });
    }
    if (fault.drop === "answer") return disconnect(incoming);
    if (fault.status !== undefined) answer = json({ error: "Injected" }, fault.status, fault.headers);
    await send(incoming, outgoing, { answer: damage(answer!, fault), fault, entry });
  }

  private answer(
    host: Host,
    received: { method: string; url: URL; headers: IncomingMessage["headers"]; body: Uint8Array },
  ): Answer {
    try {
      // What the storage makes of a token is for its handlers to say.
      const account = host === "hub" ? this.accounts.identify(received.headers) : undefined;
      return handle(host, { hub: this, account, ...received });
    } catch (error) {
      if (error instanceof HubError) return error.answer();
      return json({ error: String(error) }, 500);
    }
  }
}

/**
 * Starts a Hub on two free ports of 127.0.0.1: one for the Hub, and one for the storage that it redirects to.
 *
 * @example
 * ```ts ignore
 * await using hub = await startHub({ pageSize: 2 });
 * const repository = hub.createRepository("user/name", { files: { "README.md": "# Name" } });
 * hub.faults.add({ path: "/resolve/", status: 503 });
 * // … a client with HF_ENDPOINT = hub.endpoint and HF_TOKEN = hub.token …
 * assert.equal(hub.log.count({ path: "/resolve/", status: 200 }), 1);
 * ```
 */
export async function startHub(settings: Partial<HubSettings> = {}): Promise<Hub> {
  const hub = new Hub(settings);
  await hub.open();
  return hub;
}

async function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { answer, fault, entry }: { answer: Answer; fault: Fault; entry: LoggedRequest },
): Promise<void> {
  const { status, headers, body } = answer;
  entry.status = status;
  const length = status === 304 || status === 204 ? {} : { "Content-Length": String(body.length) };
  outgoing.writeHead(status, { ...headers, ...length });
  if (incoming.method === "HEAD") {
    outgoing.end();
    return;
  }
  const end = fault.cutAfter ?? fault.stallAfter ?? body.length;
  entry.bytes = Math.min(end, body.length);
  if (fault.cutAfter === undefined && fault.stallAfter === undefined) {
    outgoing.end(body);
    return;
  }
  outgoing.flushHeaders();
  await new Promise<void>((resolve) => outgoing.write(body.subarray(0, end), () => resolve()));
  if (fault.stallAfter !== undefined) return;
  // What was written is in the kernel's hands only a moment later, and a reset would overtake it.
  await wait(20);
  disconnect(incoming);
}

function disconnect(incoming: IncomingMessage): void {
  incoming.socket.destroy();
}
