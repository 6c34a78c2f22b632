/** README.md, ARCHITECTURE.md and docs/: what they name is there. Types of their code are those of documentation.test.ts. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { blocksOf, documents, proseOf, run, textOf } from "./document_blocks.ts";
import { packedFolder, root } from "./packed.ts";

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
  const folder = packedFolder("jsr");
  const isPublished = (path: string) => existsSync(join(folder, path));
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
