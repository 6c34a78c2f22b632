/**
 * The documentation of all that is exported: what `deno doc` finds of it, held against rules. The types of its examples, and
 * of the code in documents, are held by `./run check`.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { root } from "./packed.ts";

const { exports } = JSON.parse(readFileSync(`${root}deno.json`, "utf8"));
const entries = Object.values<string>(exports);

function deno(...args: string[]): string {
  const env = { ...process.env, NO_COLOR: "1" };
  const options = { cwd: root, env, encoding: "utf8", maxBuffer: 2 ** 26 } as const;
  const { status, stdout, stderr } = spawnSync(`${root}run`, ["deno", ...args], options);
  assert.equal(status, 0, stderr);
  return stdout;
}

interface Tag {
  readonly kind: string;
  readonly name?: string;
  readonly doc?: string;
  readonly tsType?: { readonly repr: string };
}

interface Documented {
  readonly name?: string;
  readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly Tag[] };
}

interface Typed {
  readonly repr?: string;
  readonly kind: string;
}

interface Callable {
  readonly params?: readonly { readonly name?: string; readonly left?: { readonly name: string } }[];
  readonly returnType?: Typed;
  readonly hasBody?: boolean;
}

type Member = Documented & Callable & {
  readonly kind?: "method" | "getter" | "setter";
  readonly accessibility?: string;
  readonly isStatic?: boolean;
  readonly tsType?: Typed;
  readonly functionDef?: Callable;
};

interface Declaration extends Documented {
  readonly kind: string;
  readonly location: { readonly filename: string };
  readonly def: Callable & {
    readonly constructors?: readonly Member[];
    readonly properties?: readonly Member[];
    readonly methods?: readonly Member[];
  };
}

interface Module {
  readonly module_doc?: { readonly doc?: string };
  readonly symbols: readonly { readonly name: string; readonly declarations: readonly Declaration[] }[];
}

/** Something that has documentation, by its full name: `StreamStore.append`. */
interface Item extends Documented, Callable {
  readonly path: string;
  readonly kind: string;
  readonly type?: Typed;
}

function read(...paths: string[]): Record<string, Module> {
  return JSON.parse(deno("doc", "--json", ...paths)).nodes;
}

let found: Record<string, Module> | undefined;
/** What all modules export. */
const published = (): Record<string, Module> => found ??= read(...entries);

function itemsOf({ symbols }: Module): Item[] {
  return symbols.flatMap(({ name, declarations }) =>
    declarations.flatMap(({ kind, jsDoc, def }) => {
      const isCallable = kind === "function";
      const own: Item = { path: name, kind, jsDoc, ...(isCallable ? def : {}) };
      return [own, ...membersOf(name, def)];
    })
  );
}

function membersOf(owner: string, { constructors = [], properties = [], methods = [] }: Declaration["def"]) {
  // The body of an overloaded method is none of the ways to call it. A class and its objects may have one of a name each.
  const isOverload = ({ name, isStatic, functionDef }: Member) =>
    functionDef?.hasBody &&
    methods.filter((other) => other.name === name && other.isStatic === isStatic).length > 1;
  const shown = methods.filter((member) => !isOverload(member) && !notForUsers.includes(member.name!));
  return [
    ...constructors.map((member): Item => ({ ...member, path: `new ${owner}`, kind: "constructor" })),
    ...properties.map(({ name, jsDoc, tsType }): Item => ({
      path: `${owner}.${name}`,
      kind: "property",
      jsDoc,
      type: tsType,
    })),
    ...shown.map(({ name, kind, jsDoc, functionDef }): Item => {
      const path = `${owner}.${name}`;
      if (kind === "getter") return { path, kind: "property", jsDoc, type: functionDef!.returnType };
      return { path, kind: "method", jsDoc, ...functionDef };
    }),
  ];
}

/** What the runtime calls, for `console.log` and `await`. */
const notForUsers = ['[Symbol.for("nodejs.util.inspect.custom")]', "then"];

/** Says by itself all that there is to say, in `using x = …`. */
const isDispose = ({ path }: Item) => path.endsWith("[Symbol.dispose]");

/** What cannot fail, also where the store is closed. */
const neverThrow = [
  "FieldStats.toJSON",
  "PrefetchingSampler.close",
  "PrefetchingSampler.state",
  "Sampler.allocate",
  "Sampler.state",
  "StreamStore.toString",
];

const isCallable = ({ kind }: Item) => ["function", "method", "constructor"].includes(kind);
const tagsOf = ({ jsDoc }: Item, kind: string) => (jsDoc?.tags ?? []).filter((tag) => tag.kind === kind);
const textOf = ({ jsDoc }: Item) =>
  [jsDoc?.doc, ...(jsDoc?.tags ?? []).filter(({ kind }) => kind !== "example").map(({ doc }) => doc)].join(
    "\n",
  );

const examplesOf = (item: Item) => tagsOf(item, "example").map(({ doc = "" }) => doc);

/** A type: what it serves has the example, and where its properties are written their own documentation is shown. */
const isType = ({ kind }: Item) => ["interface", "typeAlias"].includes(kind);

/** What an item lacks, of all that there are. */
function faultsOf(item: Item, _index: number, items: readonly Item[]): string[] {
  const faults = [
    lacksSummary(item) && "a summary",
    ...(isType(item) ? faultsOfTypes(item) : faultsOfExamples(item, items)),
  ];
  // What only the library calls.
  const isMade = item.kind === "constructor" && /^Made by /.test(item.jsDoc?.doc ?? "");
  if (isCallable(item) && !isMade && !isDispose(item)) faults.push(...faultsOfCalls(item));
  if (hasArrays(item) && !isMade && !shape.test(textOf(item))) faults.push("a shape, as `[B, T]`");
  const isNumber = item.kind === "property" && item.type?.repr === "number";
  if (isNumber && !units.test(textOf(item))) faults.push("a unit");
  return faults.filter((fault) => fault !== false).map((fault) => `${item.path} lacks ${fault}`);
}

function lacksSummary({ jsDoc }: Item): boolean {
  return !jsDoc?.doc?.trim();
}

function faultsOfCalls(item: Item): (string | false)[] {
  const { params = [], returnType } = item;
  const documented = tagsOf(item, "param").filter(({ doc }) => doc).map(({ name }) => name);
  const names = params.map(({ name, left }) => name ?? left?.name);
  const returns = tagsOf(item, "return").some(({ doc }) => doc);
  const throws = tagsOf(item, "throws").some(({ tsType, doc }) => tsType && doc);
  return [
    ...names.filter((name) => !documented.includes(name)).map((name) => `@param ${name}`),
    !isVoid(returnType) && !returns && "@returns",
    !throws && !neverThrow.includes(item.path) && "@throws {…}",
    throws && neverThrow.includes(item.path) && "a place outside of neverThrow",
  ];
}

function isVoid(type: Typed | undefined): boolean {
  return type === undefined || /"repr":"void"/.test(JSON.stringify(type));
}

function faultsOfTypes(item: Item): (string | false)[] {
  return [
    linksOf(item).length === 0 && "a link to what it serves, as `{@linkcode StreamStore.open}`",
    examplesOf(item).length > 0 &&
    "a reason for an example of its own: what it serves has one",
  ];
}

/** The names that an item's documentation links to. */
function linksOf(item: Item): string[] {
  return [...textOf(item).matchAll(/\{@link(?:code)?\s+(?:\*\s+)?([^\s}]+)\}/g)].map(([, name]) => name);
}

function faultsOfExamples(item: Item, items: readonly Item[]): (string | false)[] {
  if (item.kind === "property" || item.kind === "constructor" || isDispose(item)) return [];
  const examples = examplesOf(item);
  const code = examples.map((doc) => /```ts\n([^]*?)```/.exec(doc)?.[1]);
  return [
    examples.length === 0 && !isShownElsewhere(item, items) &&
    "@example, or a link to what has one that calls it",
    code.includes(undefined) && "code that runs in its example",
    code.some((text) => text && !/from "@streamstore\/streamstore(\/\w+)?"/.test(text)) && "an import",
    code.some((text) => text && !/\bassert\b.*\(/.test(text)) && "an assertion in its example",
  ];
}

/** Whether an example of what a method's documentation links to calls the method: it would only be repeated here. */
function isShownElsewhere(item: Item, items: readonly Item[]): boolean {
  const name = item.path.split(".").at(-1)!;
  const links = linksOf(item);
  const linked = item.kind === "method" ? items.filter(({ path }) => links.includes(path)) : [];
  return linked.some((other) => examplesOf(other).some((code) => code.includes(`.${name}(`)));
}

/** Types that are arrays, the type parameters included that stand for one. */
const arrays =
  /"(\w+Array|Values|Types|Steps|Indices|NestedIndices)"|"kind":"array","value":\{"repr":"(number|bigint)"/;
const shape = /`\[[^\]`]+\]`/;
const units =
  /token|row|step|byte|millisecond|second|window|epoch|index|batch|chunk|value|frame|file|tries|draw|weight/i;

/** Whether it is an array, or takes or returns one that is written out. */
function hasArrays(item: Item): boolean {
  if (item.kind === "property") return arrays.test(JSON.stringify(item.type ?? null));
  return isCallable(item) && arrays.test(JSON.stringify([item.params, item.returnType]));
}

test("every module, symbol, method and property is documented as it is to be", () => {
  const modules = Object.entries(published());
  assert.equal(modules.length, entries.length);
  const bare = modules.filter(([, { module_doc }]) => !module_doc?.doc?.trim());
  const items = modules.flatMap(([, module]) => itemsOf(module));
  assert.ok(items.length > 250, `${items.length} items`);
  assert.deepEqual([...bare.map(([path]) => `${path} lacks a summary`), ...items.flatMap(faultsOf)], []);
});

test("links lead to names that are exported", () => {
  const items = Object.values(published()).flatMap(itemsOf);
  const paths = new Set(items.map(({ path }) => path));
  const broken = items.flatMap((item) =>
    linksOf(item).filter((name) => !paths.has(name)).map((name) => `${item.path}: ${name}`)
  );
  assert.deepEqual(broken, []);
});

test("every name that cannot fail is one that is exported", () => {
  const paths = Object.values(published()).flatMap(itemsOf).map(({ path }) => path);
  assert.deepEqual(neverThrow.filter((path) => !paths.includes(path)), []);
});

test("deno doc --lint: no type that is used is hidden", () => {
  deno("doc", "--quiet", "--lint", ...entries);
});

test("what is missing is found", () => {
  const folder = mkdtempSync(join(tmpdir(), "streamstore-documentation-"));
  try {
    const path = join(folder, "lacking.ts");
    writeFileSync(path, lacking);
    assert.deepEqual(Object.values(read(path)).flatMap(itemsOf).flatMap(faultsOf), [
      "Bare lacks a summary",
      "Bare lacks @example, or a link to what has one that calls it",
      "Bare.size lacks a summary",
      "Bare.size lacks a unit",
      "Bare.values lacks a shape, as `[B, T]`",
      "Bare.read lacks an import",
      "Bare.read lacks an assertion in its example",
      "Bare.read lacks @param from",
      "Bare.read lacks @returns",
      "Bare.read lacks @throws {…}",
      "Bare.read lacks a shape, as `[B, T]`",
      "Bare.unlinked lacks @example, or a link to what has one that calls it",
      "Bare.uncalled lacks @example, or a link to what has one that calls it",
      "Name lacks a link to what it serves, as `{@linkcode StreamStore.open}`",
      "Name lacks a reason for an example of its own: what it serves has one",
      "named lacks code that runs in its example",
      "named lacks @param name",
      "named lacks @throws {…}",
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const lacking = `
export class Bare {
  readonly size: number = 1;
  /** Values. */
  readonly values: Float64Array = new Float64Array(1);
  /**
   * Reads.
   *
   * @example
   * \`\`\`ts
   * new Bare().read(1);
   * new Bare().called();
   * \`\`\`
   */
  read(from: number): Float64Array {
    return this.values.subarray(from);
  }
  /**
   * Is called in no example.
   *
   * @throws {Error} Never.
   */
  unlinked(): void {}
  /**
   * Is said to be, but is not.
   *
   * @throws {Error} Never.
   * @see {@linkcode Bare.read}
   */
  uncalled(): void {}
  /**
   * Is.
   *
   * @throws {Error} Never.
   * @see {@linkcode Bare.read}
   */
  called(): void {}
}

/**
 * A name.
 *
 * @example
 * \`\`\`ts ignore
 * const name: Name = "a";
 * \`\`\`
 */
export type Name = string;

/**
 * What has a name.
 *
 * @returns The name.
 *
 * @example
 * \`\`\`ts ignore
 * named("a");
 * \`\`\`
 */
export function named(name: Name): Name {
  return name;
}
`;
