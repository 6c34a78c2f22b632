/**
 * Has Node run this checkout's TypeScript: `node --import ./toolchain/node_typescript.mjs FILE`. Types are stripped by
 * Node itself where that suffices. It refuses parameter properties (`constructor(private readonly x)`), and such files go
 * through TypeScript. What was translated is kept in build/node, named by the hash of its source: a process that finds
 * all of it there loads neither translator. Users get JavaScript and need none of this.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire, registerHooks, stripTypeScriptTypes } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../build/node/", import.meta.url));
const version = process.version;

registerHooks({
  load(url, context, nextLoad) {
    const { protocol, pathname } = new URL(url);
    if (protocol !== "file:" || !pathname.endsWith(".ts") || pathname.includes("/node_modules/")) {
      return nextLoad(url, context);
    }
    const source = readFileSync(fileURLToPath(url), "utf8");
    return { format: "module", source: translated(source), shortCircuit: true };
  },
});

function translated(source) {
  const hash = createHash("sha256").update(version).update(source).digest("hex");
  const path = `${cache}${hash}.js`;
  try {
    return readFileSync(path, "utf8");
  } catch {
    const text = translate(source);
    keep(path, text);
    return text;
  }
}

/** Beside its place, and then renamed: other processes may look for it. One that may not write does without. */
function keep(path, text) {
  const place = `${path}.${randomUUID()}`;
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(place, text);
    renameSync(place, path);
  } catch {
    rmSync(place, { force: true });
  }
}

function translate(source) {
  try {
    return stripTypeScriptTypes(source);
  } catch (error) {
    if (error.code !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw error;
    const { ModuleKind, ScriptTarget, transpileModule } = createRequire(import.meta.url)("typescript");
    const compilerOptions = {
      target: ScriptTarget.ESNext,
      module: ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    };
    return transpileModule(source, { compilerOptions }).outputText;
  }
}
