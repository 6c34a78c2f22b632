/** Empty folders in which the package is installed as its users install it, and scripts that run there. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { sha256Of } from "../../src/native/packaged.ts";
import { type JsrServer, serveJsr } from "./jsr_server.ts";
import { scriptFlags } from "../support/runtime.ts";
import { isDeno, packedFolder, root, thisPlatform } from "./packed.ts";

const name = "@streamstore/streamstore";
const scripts = fileURLToPath(new URL("consumer/", import.meta.url));

export class Consumer {
  private constructor(
    readonly folder: string,
    private readonly scratch: string,
    private readonly server: JsrServer | null,
  ) {}

  /** A folder with the scripts and the package; with another version of it as "other". */
  static async make(): Promise<Consumer> {
    const scratch = mkdtempSync(join(tmpdir(), "streamstore-consumer-"));
    const folder = join(scratch, "project");
    cpSync(scripts, folder, { recursive: true });
    const other = join(scratch, "other");
    cpSync(packedFolder(), other, { recursive: true });
    await makeOther(other);
    if (!isDeno) {
      mkdirSync(`${folder}/node_modules/@streamstore`, { recursive: true });
      execFileSync("tar", ["-xzf", join(packedFolder(), "../npm.tgz"), "-C", scratch]);
      cpSync(`${scratch}/package`, `${folder}/node_modules/${name}`, { recursive: true });
      cpSync(other, `${folder}/node_modules/other`, { recursive: true });
      linkDependencies(folder);
      writeFileSync(`${folder}/package.json`, JSON.stringify({ type: "module" }));
      return new Consumer(folder, scratch, null);
    }
    const server = await serveJsr(name, { "0.1.0": packedFolder(), "0.0.1": other });
    const imports = {
      [name]: `jsr:${name}@0.1.0`,
      [`${name}/cli`]: `jsr:${name}@0.1.0/cli`,
      [`${name}/install`]: `jsr:${name}@0.1.0/install`,
      other: `jsr:${name}@0.0.1`,
    };
    writeFileSync(`${folder}/deno.json`, JSON.stringify({ imports, lock: false, nodeModulesDir: "manual" }));
    const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
    writeFileSync(`${folder}/package.json`, JSON.stringify({ dependencies }));
    mkdirSync(`${folder}/node_modules`);
    linkDependencies(folder);
    return new Consumer(folder, scratch, server);
  }

  /** The home of the user: empty at first. */
  get home(): string {
    return join(this.scratch, "home");
  }

  /** A file's text. */
  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  /** Runs a program; returns what it prints. */
  async execute(program: string, args: readonly string[], cwd = this.folder): Promise<string> {
    mkdirSync(this.home, { recursive: true });
    const env: NodeJS.ProcessEnv = { PATH: "/usr/bin:/bin", HOME: this.home, NO_COLOR: "1" };
    // A registry that is not there: nothing may be fetched but the package.
    if (this.server !== null) {
      Object.assign(env, { JSR_URL: this.server.url, NPM_CONFIG_REGISTRY: "http://127.0.0.1:1" });
    }
    return await new Promise((resolve, reject) => {
      execFile(program, args, { cwd, env, encoding: "utf8", timeout: 100_000 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${program} ${args.join(" ")}: ${stdout}${stderr}`));
      });
    });
  }

  /** Runs a script with these flags; returns what it prints, or what it says when it fails. */
  async attempt(flags: readonly string[], args: readonly string[], cwd = this.folder): Promise<string> {
    const all = [...isDeno ? ["run", "--quiet", "--no-prompt"] : [], ...flags, ...args];
    return await this.execute(process.execPath, all, cwd).catch((error: Error) => error.message);
  }

  /** Runs one of the scripts; returns what it reports. */
  async run(script: string, cwd = this.folder): Promise<Record<string, unknown>> {
    const data = mkdtempSync(join(this.scratch, "data-"));
    const path = cwd === this.folder ? script : join(this.folder, script);
    return JSON.parse(await this.execute(process.execPath, [...scriptFlags, path, data], cwd));
  }

  /** The libraries that were unpacked. */
  libraries(): string[] {
    const cache = process.platform === "darwin" ? "Library/Caches" : ".cache";
    return readdirSync(`${this.home}/${cache}/streamstore`);
  }

  close(): void {
    this.server?.close();
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

function linkDependencies(folder: string): void {
  for (const entry of readdirSync(`${root}node_modules`)) {
    if (entry.startsWith(".") || entry === "@streamstore") continue;
    symlinkSync(`${root}node_modules/${entry}`, `${folder}/node_modules/${entry}`);
  }
}

/** Gives a copy of the package a library of its own: the same one, one byte longer. */
async function makeOther(folder: string): Promise<void> {
  const module = `${folder}/libraries/${thisPlatform}.js`;
  const text = readFileSync(module, "utf8");
  const gzip = /gzip =\s*"(.*)"/.exec(text)?.[1];
  assert.ok(gzip !== undefined);
  const bytes = Uint8Array.from([...gunzipSync(Uint8Array.fromBase64(gzip)), 0]);
  const packed = gzipSync(bytes).toString("base64");
  const sha256 = await sha256Of(bytes);
  writeFileSync(
    module,
    `export const byteLength = ${bytes.length};\nexport const sha256 = "${sha256}";\nexport const gzip = "${packed}";\n`,
  );
  writeFileSync(
    module.replace(thisPlatform, "hashes"),
    `export const hashes = { "${thisPlatform}": { byteLength: ${bytes.length}, sha256: "${sha256}" } };\n`,
  );
}
