/** `streamstore view`: a page in the browser that shows stores, also while they grow. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import type { Command } from "commander";
import { ViewServer } from "../view/server.ts";
import { UsageError } from "./exit.ts";
import { onInterrupt } from "./interrupt.ts";
import { flush, line, note } from "./output.ts";
import { wholeNumber, withStore } from "./store.ts";

interface ViewOptions {
  readonly port: number;
  readonly host: string;
  readonly open: boolean;
}

const thisMachine = "127.0.0.1";

export function define(command: Command): void {
  command.argument("<paths...>", "directories of stores")
    .option("--port <number>", "where it listens; 0 for a port that is free", wholeNumber, 0)
    .option(
      "--host <address>",
      "where others reach it too, who need the address that is printed",
      thisMachine,
    )
    .option("--no-open", "only prints the address")
    .addHelpText("after", "\nExample: streamstore view run.stream" + explanation)
    .action(async (paths: string[], options: ViewOptions) => {
      if (options.port > 65_535) throw new UsageError(`--port must be <= 65535, got ${options.port}`);
      // Before a server is there for what cannot be shown.
      for (const path of paths) await withStore(path, () => {});
      await serve(paths, options);
    });
}

const explanation = "\n\nThe address holds once, for one browser; Enter prints another. Ctrl-C ends it." +
  "\nFrom another machine: ssh -L 8080:127.0.0.1:PORT, and 127.0.0.1:8080 in the address." +
  "\nDeno's permissions: --allow-net=127.0.0.1, and --allow-run=xdg-open (macOS: open) for the browser.";

async function serve(paths: readonly string[], { host, port, open }: ViewOptions): Promise<void> {
  onInterrupt();
  const server = await start(paths, host, port);
  if (host !== thisMachine) note(`others can reach ${host}: whoever has the address sees the stores`);
  const address = server.newAddress();
  tell(address);
  if (open) openBrowser(address);
  if (process.stdin.isTTY) process.stdin.on("data", () => tell(server.newAddress()));
  // Until Ctrl-C.
  await new Promise(() => {});
}

function tell(address: string): void {
  line(address);
  flush();
}

async function start(paths: readonly string[], host: string, port: number): Promise<ViewServer> {
  try {
    return await ViewServer.start(paths, { host, port });
  } catch (error) {
    const { name, code, message } = error as Error & { readonly code?: string };
    if (name === "NotCapable" || code === "ERR_ACCESS_DENIED") {
      throw new Error(`Cannot open the viewer: it may not listen; run with --allow-net=${host}`, {
        cause: error,
      });
    }
    if (code === "EADDRINUSE") {
      throw new Error(`Cannot open the viewer: port ${port} of ${host} is taken`, { cause: error });
    }
    throw new Error(`Cannot open the viewer: ${message}`, { cause: error });
  }
}

/** By the system's own program. Where there is none, the address is printed all the same. */
function openBrowser(address: string): void {
  const program = process.platform === "darwin" ? "open" : "xdg-open";
  try {
    const child: ChildProcess = spawn(program, [address], { stdio: "ignore", detached: true });
    child.on("error", () => {});
    child.unref();
  } catch {
    // Deno says so at once where it may not run it.
  }
}
