/** The package's types, as strict programs see them. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import type { DocumentRegistry } from "typescript";
import { Consumer } from "./consumer.ts";
import { isDeno, root } from "./packed.ts";

let consumer: Consumer;
before(async () => {
  consumer = await Consumer.make();
});
after(() => consumer.close());

const strict = {
  strict: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noPropertyAccessFromIndexSignature: true,
  exactOptionalPropertyTypes: true,
};

test("deno check, with everything strict", { skip: !isDeno && "a command of Deno's" }, async () => {
  const settings = JSON.parse(consumer.read("deno.json"));
  writeFileSync(join(consumer.folder, "deno.json"), JSON.stringify({ ...settings, compilerOptions: strict }));
  const wrong = consumer.read("types.ts").replace("capacity: 1000", 'capacity: "1000"');
  writeFileSync(join(consumer.folder, "wrong.ts"), wrong);
  const check = ["check", "--quiet", "types.ts", "options.ts", "wrong.ts"];
  await assert.rejects(consumer.execute(process.execPath, check), ({ message }: Error) => {
    assert.deepEqual(message.match(/TS\d+ /g), ["TS2322 "], message);
    assert.match(message, /at file:\S+wrong\.ts:/);
    return true;
  });
});

const forNpm = { skip: isDeno && "for what npm's layer gives" };

/** Runs tsc on files, which takes some ten seconds where it also checks the declarations of all packages. */
async function check(
  files: readonly string[],
  module: string,
  moduleResolution: string,
  skipLibCheck = true,
): Promise<void> {
  const compilerOptions = {
    ...strict,
    target: "esnext",
    lib: ["esnext", "dom"],
    module,
    moduleResolution,
    skipLibCheck,
    types: ["bun-types"],
    verbatimModuleSyntax: true,
    noEmit: true,
  };
  writeFileSync(join(consumer.folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  await consumer.execute(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--project", "."]);
}

test("tsc, with everything strict and all declarations checked", forNpm, async () => {
  await check(["types.ts", "options.ts"], "nodenext", "nodenext", false);
});

test("tsc, as a program for a bundler, finds what is wrong and nothing else", forNpm, async () => {
  const wrong = consumer.read("types.ts").replace("capacity: 1000", 'capacity: "1000"');
  writeFileSync(join(consumer.folder, "wrong.ts"), wrong);
  await assert.rejects(check(["types.ts", "options.ts", "wrong.ts"], "esnext", "bundler"), (error: Error) => {
    const errors = error.message.match(/\S+\(\d+,\d+\): error TS\d+/g) ?? [];
    assert.equal(errors.length, 1, error.message);
    assert.match(errors[0], /^wrong\.ts\(.*TS2322/);
    return true;
  });
});

/** The declarations that one program has read are there for the next. */
let documents: DocumentRegistry | undefined;

/** What an editor says of a program: where it finds errors, and what it shows at a place. */
async function edit(text: string) {
  const { default: ts } = await import("typescript");
  const file = join(consumer.folder, "edited.ts");
  writeFileSync(file, text);
  const settings = {
    strict: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    skipLibCheck: true,
    types: [],
  };
  const service = ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: (name) => name === file ? text : "1",
    getScriptSnapshot: (name) => {
      const found = ts.sys.readFile(name);
      return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
    },
    getCurrentDirectory: () => consumer.folder,
    getCompilationSettings: () => settings,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    directoryExists: ts.sys.directoryExists,
    realpath: ts.sys.realpath,
  }, documents ??= ts.createDocumentRegistry());
  return {
    errors: service.getSemanticDiagnostics(file).map(({ start }) => start),
    documentation: (at: number) =>
      ts.displayPartsToString(service.getQuickInfoAtPosition(file, at)?.documentation),
  };
}

const store = `import { StreamStore } from "@streamstore/streamstore";
export const store = new StreamStore({ action: 0, observation: 1 });
`;

test("a wrong option is one error, which stands at its name", forNpm, async () => {
  // At | each.
  const lines = [
    "store.sampler({ tokens: 4, |batch: 64 });",
    'store.sampler({ tokens: 4, batchSize: 4, order: { kind: "prioritized", |alfa: 1 } });',
    "store.sampler({ steps: 4, fields: { observation: 4, |acton: 1 } });",
    "store.sampler(|{ batchSize: 4 });",
    "StreamStore.mixture([{ store, weight: 1 }], { tokens: 4, |prefetch: 2 });",
    "store.context({ steps: 4, |padto: 8 });",
    "store.gather([0], 2, { |step: null });",
    "store.append(0, { |actoin: 1 });",
    'StreamStore.open("run.stream", { |retian: { rows: 1 } });',
  ];
  const [text, expected] = marked(store + lines.join("\n"));
  assert.deepEqual((await edit(text)).errors, expected);
});

test("editors show what an option is where it is written", forNpm, async () => {
  const [text, places] = marked(`${store}
    store.sampler({
      |steps: 4, |fields: { action: 1 }, |truncate: true, |episodes: { |end: "action" }, |boundary: "pad-left", |stride: 1,
      |output: { |values: "float64", |steps: null }, |normalize: { action: { |mean: 0, |standardDeviation: 1 } },
      |batchSize: 4, |order: { |kind: "prioritized", |alpha: 1, |beta: 1 }, |seed: 1, |shard: { |index: 0, |count: 2 },
    });
    store.sampler({ |tokens: 4, |order: "shuffle", |epochs: 1, |prefetch: 2 });
    store.sampler({ tokens: 4, order: { |kind: "recent", |decay: 0.5 }, episodes: { |starts: [0] } });
    store.sampler({ tokens: 4, order: { kind: "recent", |steps: 5 }, episodes: { |id: "action" } });
    store.context({ |steps: 4, |padTo: 8 });
    StreamStore.mixture([{ |store, |weight: 1 }], { |tokens: 4, |stride: 2 });
    store.gather([0], 1, { |values: "float32", |types: null, |steps: null });
    StreamStore.open("run.stream", { |fields: { a: 0 }, |mode: "read", |retain: { |rows: 1 }, |commitEvery: { |ms: 5 } });
    store.saveDataset("x", "train", { |format: "csv", |retry: { |attempts: 1 } });
    store.stats({ |fields: ["action"] });`);
  const { errors, documentation } = await edit(text);
  assert.deepEqual(errors, []);
  for (const at of places) assert.notEqual(documentation(at), "", text.slice(at, at + 20));
});

/** A text without its marks, and where they stood. */
function marked(text: string): [string, number[]] {
  const parts = text.split("|");
  let at = 0;
  const places = parts.slice(0, -1).map((part) => at += part.length);
  return [parts.join(""), places];
}
