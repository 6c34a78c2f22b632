/** Serves the checkout's node_modules on this machine as a registry of npm does, so that nothing else is asked for. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { root } from "./packed.ts";

export interface NpmRegistry {
  readonly url: string;
  close(): void;
}

/** Packages by name: each in the one version that is installed. */
export async function serveNpm(): Promise<NpmRegistry> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    const [, name] = /^(.+?)(?:\/-\/package\.tgz)?$/.exec(path)!;
    if (!existsSync(join(root, "node_modules", name, "package.json"))) {
      response.writeHead(404).end();
    } else if (name !== path) {
      response.end(tarballOf(name));
    } else {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(describe(name, url)));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => void server.close() };
}

const tarballs = new Map<string, Uint8Array>();

function tarballOf(name: string): Uint8Array {
  let bytes = tarballs.get(name);
  if (bytes === undefined) {
    const args = ["-czf", "-", "--transform", "s,^\\.,package,", "-C", join(root, "node_modules", name), "."];
    bytes = execFileSync("tar", args, { maxBuffer: 2 ** 28 });
    tarballs.set(name, bytes);
  }
  return bytes;
}

/** What a registry says of a package. */
function describe(name: string, url: string): object {
  const manifest = JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8"));
  const { version, dependencies, bin } = manifest;
  const integrity = `sha512-${createHash("sha512").update(tarballOf(name)).digest("base64")}`;
  const dist = { tarball: `${url}/${name}/-/package.tgz`, integrity };
  const versions = { [version]: { name, version, dependencies, bin, dist } };
  return { name, "dist-tags": { latest: version }, versions };
}
