/** Serves build/package/jsr on this machine as JSR does, so that a Deno that is told so imports `jsr:` from here. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface JsrServer {
  /** For the variable JSR_URL. */
  readonly url: string;
  /** What was asked for, in order. */
  readonly requests: string[];
  close(): void;
}

/** Serves the files of a folder for each version. */
export async function serveJsr(name: string, versions: Readonly<Record<string, string>>): Promise<JsrServer> {
  const answers = new Map<string, string | Uint8Array>();
  const list = Object.fromEntries(Object.keys(versions).map((version) => [version, {}]));
  const [latest] = Object.keys(versions);
  answers.set(`/${name}/meta.json`, JSON.stringify({ name, latest, versions: list }));
  for (const [version, folder] of Object.entries(versions)) {
    const manifest: Record<string, { size: number; checksum: string }> = {};
    for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!statSync(join(folder, path)).isFile()) continue;
      const bytes = readFileSync(join(folder, path));
      const checksum = `sha256-${createHash("sha256").update(bytes).digest("hex")}`;
      manifest[`/${path}`] = { size: bytes.length, checksum };
      answers.set(`/${name}/${version}/${path}`, bytes);
    }
    const { exports } = JSON.parse(readFileSync(join(folder, "deno.json"), "utf8"));
    answers.set(`/${name}/${version}_meta.json`, JSON.stringify({ manifest, exports }));
  }
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url!;
    requests.push(path);
    const answer = answers.get(path);
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": typeOf(path) });
    response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, requests, close: () => void server.close() };
}

function typeOf(path: string): string {
  if (path.endsWith(".json")) return "application/json";
  return path.endsWith(".js") ? "text/javascript" : "text/typescript";
}
