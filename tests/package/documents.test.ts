/** README.md, ARCHITECTURE.md and docs/: their code runs, on both runtimes, and what they name is there. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findPython, noPython } from "../../bench/harness/python.ts";
import { StreamStore } from "../../mod.ts";
import { startHub } from "../support/hub/server.ts";
import { runFlags } from "../support/runtime.ts";
import { isDeno, root } from "./packed.ts";

const documents = [
  "README.md",
  "ARCHITECTURE.md",
  ...readdirSync(`${root}docs`).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`),
];
const textOf = (path: string) => readFileSync(root + path, "utf8");

/** The text without its blocks of code. */
const proseOf = (path: string) => textOf(path).replace(/^```[\s\S]*?^```$/gm, "");

function blocksOf(path: string, language: string): string[] {
  const all = [...textOf(path).matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)];
  return all.filter(([, info]) => info === language).map(([, , code]) => code);
}

interface Outcome {
  readonly status: number | string | null;
  readonly output: string;
}

function run(program: string, args: readonly string[], cwd: string, env: object = {}): Promise<Outcome> {
  const options = { cwd, env: { ...process.env, ...env }, encoding: "utf8" as const, timeout: 120_000 };
  return new Promise((resolve) =>
    execFile(
      program,
      args,
      options,
      (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : error.code ?? error.signal ?? null, output: stdout + stderr }),
    )
  );
}

async function inScratch(task: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "streamstore-documents-"));
  try {
    await task(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Beside the package, by whose name they import it. */
const place = `${root}build/documents.${process.pid}`;

function written(path: string): string[] {
  return blocksOf(path, "ts").map((code, index) => {
    const file = `${place}/${path}-${index}.ts`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
    return file;
  });
}

const child = fileURLToPath(new URL("document_child.ts", import.meta.url));
const flags = [...runFlags, ...isDeno ? ["--config", `${root}deno.json`] : []];

for (const path of documents) {
  const count = blocksOf(path, "ts").length;
  if (count === 0) continue;
  test(`${path}: its code runs, ${count} blocks of it`, () =>
    inScratch(async (folder) => {
      const hub = await startHub();
      try {
        const files = written(path);
        // What is said of the Hub is done at one that the tests have.
        const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: hub.token };
        const { status, output } = await run(process.execPath, [...flags, child, ...files], folder, env);
        assert.equal(status, 0, output);
      } finally {
        await hub.close();
        rmSync(place, { recursive: true, force: true });
      }
    }));
}

test("the code in documents has the right types", async () => {
  const { status, output } = await run(
    `${root}run`,
    ["deno", "check", "--quiet", "--doc", ...documents],
    root,
  );
  assert.equal(status, 0, output);
});

const python = findPython("numpy");
const skip = python === null && `${noPython}: no Python has numpy`;

for (const path of documents) {
  const blocks = blocksOf(path, "python");
  if (blocks.length === 0) continue;
  test(
    `${path}: its Python reads a closed store, and cannot change it`,
    { skip },
    () =>
      inScratch(async (folder) => {
        const store = StreamStore.open(`${folder}/run.stream`, { fields: { action: 0, reward: 1 } });
        for (let step = 0; step < 3; step++) store.append(10 * step, { action: [0, 1], reward: step / 2 });
        store.close();
        const log = StreamStore.open(`${folder}/log.stream`, { fields: { action: 0 }, retain: { rows: 9 } });
        log.append(0, { action: [0, 1] });
        log.close();
        const script = `
import numpy as np
${blocks.join("\n")}
for name, found in list(globals().items()):
    if isinstance(found, np.memmap):
        try:
            found[0] = 7
            print("changed", name)
        except ValueError:
            pass
print(json.dumps([values.tolist(), rewards.tolist(), step_of_token.tolist()]) if "rewards" in globals() else values.tolist())
`;
        const { status, output } = await run(python!, ["-c", script], folder);
        assert.equal(status, 0, output);
        const values = "[0.0, 1.0, 0.0, 0.0, 1.0, 0.5, 0.0, 1.0, 1.0]";
        assert.ok(
          [`${values}\n`, `[${values}, [0.0, 0.5, 1.0], [0, 0, 0, 10, 10, 10, 20, 20, 20]]\n`].includes(
            output,
          ),
          output,
        );
      }),
  );
}
if (skip !== false) console.log(`Not run: ${skip}`);

/** The formatter moves an excerpt to the left. */
const withoutIndent = (code: string) => code.replace(/^ +/gm, "");

test("excerpts in documents stand in the example that is named before them, which is run too", () => {
  for (const path of documents) {
    const text = textOf(path);
    for (const { 1: excerpt, index } of text.matchAll(/^```ts ignore\n([\s\S]*?)^```$/gm)) {
      const [, example] = [...text.slice(0, index).matchAll(/`(\w+\.ts)`/g)].at(-1)!;
      const code = withoutIndent(textOf(`examples/${example}`));
      assert.ok(code.includes(withoutIndent(excerpt)), `${path}: ${example} lacks\n${excerpt}`);
      assert.ok(textOf("tests/examples.test.ts").includes(`"${example}"`), example);
    }
  }
});

test("code in documents is run: TypeScript, Python, the shell's commands, or none", () => {
  for (const path of documents) {
    const languages = [...textOf(path).matchAll(/^```(.*)\n[\s\S]*?^```$/gm)].map(([, info]) => info);
    const allowed = ["ts", "ts ignore", "python", "sh", "text", "json"];
    assert.deepEqual(languages.filter((language) => !allowed.includes(language)), [], path);
  }
});

test("README.md has fewer than 1,500 words", () => {
  const count = textOf("README.md").split(/\s+/).filter((word) => word !== "").length;
  assert.ok(count < 1500, `${count} words`);
});

test("documents name verbs of ./run that there are", async () => {
  const { output } = await run(`${root}run`, ["help"], root);
  const verbs = [
    "help",
    ...[...output.matchAll(/\.\/run ([a-z|]+)/g)].flatMap(([, names]) => names.split("|")),
  ];
  for (const path of documents) {
    for (const [, verb] of textOf(path).matchAll(/\.\/run ([a-z]+)/g)) assert.ok(verbs.includes(verb), verb);
  }
});

test("documents name files and folders that there are", () => {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  // What is made by ./run is not there yet.
  const known = folders.map(({ name }) => name).filter((name) => !["build", "node_modules"].includes(name));
  for (const path of documents) {
    for (const [, name] of proseOf(path).matchAll(/[`( ]([\w.]+(?:\/[\w.]+)*\/?)(?=[`) ])/g)) {
      if (!known.includes(name.split("/")[0]) || !name.includes("/")) continue;
      assert.ok(existsSync(root + name), `${path}: ${name}`);
    }
  }
});

test("the tree in ARCHITECTURE.md names the folders that there are", () => {
  const [tree] = blocksOf("ARCHITECTURE.md", "text");
  const parents: string[] = [];
  const named = new Set<string>();
  for (const line of tree.split("\n")) {
    const [, indent, names] = /^( *)((?:\S+ )*\S+)/.exec(line) ?? [];
    if (names === undefined || indent.length > 8) continue;
    const depth = indent.length / 2;
    for (const name of names.split(" ").filter((name) => /^[\w./]+[/.]/.test(name))) {
      const path = [...parents.slice(0, depth), name].join("");
      assert.ok(existsSync(root + path), path);
      named.add(path);
      parents[depth] = name;
    }
  }
  for (const folder of ["src", "src/dataset", "zig/src"]) {
    for (const entry of readdirSync(root + folder, { withFileTypes: true })) {
      if (entry.isDirectory()) assert.ok(named.has(`${folder}/${entry.name}/`), `${folder}/${entry.name}`);
    }
  }
});

/** What a heading is linked by. */
const anchorOf = (heading: string) =>
  heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");

test("links in documents lead to what is published, and to headings that there are", () => {
  const { publish } = JSON.parse(textOf("deno.json"));
  const isPublished = (path: string) =>
    publish.include.some((name: string) => path === name || path.startsWith(`${name}/`));
  for (const path of documents) {
    assert.ok(isPublished(path), path);
    for (const [, link] of proseOf(path).matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [name, anchor] = link.split("#");
      const target = name === "" ? path : normalize(join(dirname(path), name));
      assert.ok(existsSync(root + target), `${path}: ${link}`);
      assert.ok(isPublished(target), `${path}: ${link}`);
      if (anchor === undefined) continue;
      const headings = [...proseOf(target).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading));
      assert.ok(headings.includes(anchor), `${path}: ${link}`);
    }
  }
});
