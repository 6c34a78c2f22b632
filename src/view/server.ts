/** The viewer's server: on this machine alone, for one browser, and only to look. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { type Assets, loadAssets } from "./assets.ts";
import { Login } from "./cookie.ts";
import { refusal } from "./guard.ts";
import { fixedHeaders } from "./headers.ts";
import { type Answer, BadQuestion, type Question, type Route } from "./route.ts";
import { routes } from "./routes.ts";
import { closeSeriesReaders } from "./routes/series.ts";
import { send } from "./send.ts";
import { OpenStores } from "./stores.ts";

export interface ServerOptions {
  /** 0 for one that is free. */
  readonly port: number;
  readonly host: string;
}

/** So many questions are answered at a time, and so many streams besides; a page asks for a few. */
const questionsMax = 32;

export class ViewServer {
  readonly #login = new Login();
  readonly #stores: OpenStores;
  readonly #routes: ReadonlyMap<string, Route> = new Map(routes.map((route) => [route.path, route]));
  readonly #server: Server;
  readonly #assets: Assets;
  readonly #host: string;
  #questions = 0;

  private constructor(paths: readonly string[], host: string, assets: Assets) {
    this.#stores = new OpenStores(paths);
    this.#assets = assets;
    this.#host = host;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Starts one for the stores at some paths. */
  static async start(paths: readonly string[], { host, port }: ServerOptions): Promise<ViewServer> {
    const viewer = new ViewServer(paths, host, await loadAssets());
    await listen(viewer.#server, port, host.replace(/^\[|\]$/g, ""));
    return viewer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** An address that opens the page in one browser, once. */
  newAddress(): string {
    const name = ["0.0.0.0", "::", "[::]"].includes(this.#host) ? "127.0.0.1" : this.#host;
    return `http://${name}:${this.port}/?code=${this.#login.newCode()}`;
  }

  /** Ends all connections, and closes the stores. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    closeSeriesReaders(this.#stores);
    this.#stores.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const refused = refusal({ method, url, headers }, this.#host);
    if (refused !== null) return await this.#refuse(response, refused.status, refused.message);
    const [path, search = ""] = splitAt(url, "?");
    const query = new URLSearchParams(search);
    const isKnown = this.#login.isKnown(headers.cookie);
    const code = path === "/" ? query.get("code") : null;
    if (code !== null && (isKnown || this.#login.takeCode(code))) return this.#enter(response, query);
    if (!isKnown) return await this.#refuse(response, 401, unknownBrowser);
    await this.#answerKnown(path, query, request, response);
  }

  /** The browser has the cookie from here on, and the code is gone from its address. */
  #enter(response: ServerResponse, query: URLSearchParams): void {
    query.delete("code");
    const rest = query.toString();
    const location = rest === "" ? "/" : `/?${rest}`;
    response.writeHead(303, { ...fixedHeaders, location, "set-cookie": this.#login.setCookie });
    response.end();
  }

  async #answerKnown(
    path: string,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const asset = this.#assets.get(path);
    if (asset !== undefined) return await send(response, asset);
    const route = this.#routes.get(path);
    if (route === undefined) {
      return await this.#refuse(response, 404, "Cannot answer the request: there is no such page");
    }
    if (this.#questions >= questionsMax) {
      const message = `Cannot answer the request: ${questionsMax} are being answered`;
      return await this.#refuse(response, 503, message);
    }
    this.#questions++;
    try {
      await this.#ask(route, query, request, response);
    } finally {
      this.#questions--;
    }
  }

  async #ask(
    route: Route,
    query: URLSearchParams,
    { headers }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const own = headers["x-streamstore"];
    const header = typeof own === "string" ? own : null;
    const question: Question = { query, header, stores: this.#stores, signal: gone.signal };
    try {
      await send(response, await route.answer(question));
    } catch (error) {
      if (gone.signal.aborted) return;
      if (response.headersSent) return void response.destroy();
      const { message } = error as Error;
      await this.#refuse(response, error instanceof BadQuestion ? error.status : 500, message);
    }
  }

  async #refuse(response: ServerResponse, status: number, error: string): Promise<void> {
    const answer: Answer = { status, type: "application/json", body: JSON.stringify({ error }) };
    await send(response, answer);
  }
}

/** Deno throws what it may not do after the call, where nobody else can catch it. */
async function listen(server: Server, port: number, address: string): Promise<void> {
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_, reject) => fail = reject);
  process.once("uncaughtException", fail);
  server.once("error", fail);
  try {
    await Promise.race([failed, new Promise<void>((resolve) => server.listen(port, address, resolve))]);
  } finally {
    process.off("uncaughtException", fail);
    server.off("error", fail);
  }
}

const unknownBrowser = "Cannot answer the request: this browser has not been opened by the address that " +
  "streamstore view printed, which holds once; Enter prints another there";

function splitAt(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
