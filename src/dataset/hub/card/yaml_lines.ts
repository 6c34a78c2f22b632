import { isObject, type JsonObject } from "../../json_object.ts";
import {
  Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  visit,
  type YAMLMap,
} from "yaml";
import { frontMatterOptions } from "./yaml_schema.ts";

/**
 * Front matter in which some keys say something else: only the lines of what differs are written, all others stay byte
 * for byte, with their comments, quotes and order. Null where lines cannot be told apart by keys: in braces, or with
 * names for values.
 *
 * @param document What the text was parsed to.
 * @param from What the keys of `to` say in it.
 * @param identity By what the entries of lists are known.
 */
export function changeLines(
  text: string,
  document: Document,
  { from, to, identity }: { from: JsonObject; to: JsonObject; identity: (entry: JsonObject) => string },
): string | null {
  const { contents } = document;
  if (!(contents === null || isMap(contents) && !contents.flow) || hasNames(document)) return null;
  const lines = new Lines(text, identity).change(contents, from, to);
  return lines.map((line) => `${line}\n`).join("");
}

function hasNames(document: Document): boolean {
  let isNamed = false;
  visit(document, {
    Alias: () => void (isNamed = true),
    Value: (_, { anchor }) => void (isNamed ||= anchor !== undefined),
  });
  return isNamed;
}

class Lines {
  readonly #lines: readonly string[];

  constructor(private readonly text: string, private readonly identity: (entry: JsonObject) => string) {
    this.#lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  }

  change(contents: YAMLMap | null, from: JsonObject, to: JsonObject): string[] {
    const all = this.#lines;
    if (contents === null) return [...all, ...linesOf(to, 0)];
    const [first, last] = [this.#lineAt(startOf(contents)), this.#lastLine(contents)];
    return [...all.slice(0, first), ...this.#map(contents, from, to), ...all.slice(last + 1)];
  }

  /** The lines of a map whose keys say something else. Those that are not mentioned stay. */
  #map(map: YAMLMap, from: JsonObject, to: JsonObject): string[] {
    const column = this.#columnAt(startOf(map));
    let next = this.#lineAt(startOf(map));
    // The first key may stand behind a dash: where it goes the next one takes its place.
    const lead = this.#lines[next].slice(0, column);
    const result: string[] = [];
    let isEmpty = true;
    const put = ([first, ...others]: readonly string[]) => {
      result.push(isEmpty ? lead + first.slice(column) : first, ...others);
      isEmpty = false;
    };
    const names = new Set<string>();
    for (const pair of map.items) {
      const [first, last] = [this.#lineAt(startOf(pair)), this.#lastLine(pair)];
      if (!isEmpty || lead.trim() === "") result.push(...this.#lines.slice(next, first));
      next = last + 1;
      const name = isScalar(pair.key) ? String(pair.key.value) : "";
      names.add(name);
      if (!Object.hasOwn(from, name) || isEqual(from[name], to[name])) put(this.#lines.slice(first, next));
      else if (to[name] !== undefined) put(this.#pair(pair, column, from[name], { [name]: to[name] }));
    }
    for (const [name, value] of Object.entries(to)) {
      if (!names.has(name) && value !== undefined) put(linesOf({ [name]: value }, column));
    }
    return isEmpty ? [...result, `${lead}{}`] : result;
  }

  #pair(pair: Pair, column: number, from: unknown, named: JsonObject): string[] {
    const { value } = pair;
    const [to] = Object.values(named);
    if (!isCollection(value) || !this.#hasLines(value)) return linesOf(named, column);
    const head = this.#lines.slice(this.#lineAt(startOf(pair)), this.#lineAt(startOf(value)));
    if (isMap(value) && isObject(from) && isObject(to) && hasOrderOf(from, to)) {
      return [...head, ...this.#map(value, from, to)];
    }
    if (isEntries(to) && isEntries(from) && isInOrder(from, to, this.identity)) {
      return [...head, ...this.#list(value.items as YAMLMap[], from, to)];
    }
    const entry = isMap(value) && isObject(from) && isEntries(to) ? this.#entry(value, from, to[0]) : null;
    if (entry === null) return linesOf(named, column);
    const added = (to as JsonObject[]).slice(1).flatMap((one) =>
      linesOf([one], this.#columnAt(startOf(value)) - 2)
    );
    return [...head, ...entry, ...added];
  }

  #list(items: readonly YAMLMap[], from: readonly JsonObject[], to: readonly JsonObject[]): string[] {
    const { identity } = this;
    const named = new Map(to.map((entry) => [identity(entry), entry]));
    const line = this.#lines[this.#lineAt(startOf(items[0]))];
    const result: string[] = [];
    let next = this.#lineAt(startOf(items[0]));
    for (const [i, item] of items.entries()) {
      result.push(...this.#lines.slice(next, this.#lineAt(startOf(item))));
      next = this.#lastLine(item) + 1;
      const after = named.get(identity(from[i]));
      if (after !== undefined) result.push(...this.#map(item, from[i], after));
    }
    const known = from.map(identity);
    const added = to.filter((entry) => !known.includes(identity(entry)));
    return [...result, ...added.flatMap((entry) => linesOf([entry], line.indexOf("-")))];
  }

  /** A map as the first entry of a list, which has a key more in front; null where there is no room for the dash. */
  #entry(map: YAMLMap, from: JsonObject, to: JsonObject): string[] | null {
    const column = this.#columnAt(startOf(map));
    const added = Object.fromEntries(Object.entries(to).filter(([key]) => !(key in from)));
    if (column < 2 || !isEqual({ ...added, ...from }, to)) return null;
    const more = Object.keys(added).length === 0 ? [] : linesOf(added, column);
    const lines = [...more, ...this.#lines.slice(this.#lineAt(startOf(map)), this.#lastLine(map) + 1)];
    return [`${" ".repeat(column - 2)}- ${lines[0].slice(column)}`, ...lines.slice(1)];
  }

  /** Whether a node is a map or a list of at least one, each in lines of its own. */
  #hasLines(node: unknown): boolean {
    if (!isCollection(node) || node.items.length === 0 || node.flow) return false;
    // An entry begins behind its dash.
    return !isSeq(node) || node.items.every((item) => {
      if (!isMap(item) || item.flow || item.items.length === 0) return false;
      const start = startOf(item);
      return /^[ \t]*- +$/.test(this.text.slice(start - this.#columnAt(start), start));
    });
  }

  #lineAt(offset: number): number {
    return this.text.slice(0, offset).split("\n").length - 1;
  }

  #columnAt(offset: number): number {
    return offset - (this.text.lastIndexOf("\n", offset - 1) + 1);
  }

  /** The last line that a node's own text is on: comments and blank lines below are not its. */
  #lastLine(node: unknown): number {
    if (isPair(node)) {
      const { key, value } = node;
      const hasText = isNode(value) && value.range && value.range[1] > value.range[0];
      return this.#lastLine(hasText ? value : key);
    }
    if (isCollection(node) && !node.flow && node.items.length > 0) return this.#lastLine(node.items.at(-1));
    const { range } = node as { range: [number, number] };
    const isText = isScalar(node) && /^BLOCK/.test(node.type ?? "");
    const end = isText ? range[0] + this.text.slice(range[0], range[1]).trimEnd().length : range[1];
    return this.#lineAt(Math.max(range[0], end - 1));
  }
}

/** Where a pair's key begins, or the first one of a map, or of a list of maps. */
function startOf(node: unknown): number {
  if (isCollection(node)) return startOf(node.items[0]);
  return ((node as Pair).key as { range: [number] }).range[0];
}

function isEntries(value: unknown): value is readonly JsonObject[] {
  return Array.isArray(value) && value.every(isObject);
}

function isEqual(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Whether keys that are put behind those that stay have the order that is meant: of a feature the first tells the kind. */
function hasOrderOf(from: JsonObject, to: JsonObject): boolean {
  return isEqual(Object.keys({ ...from, ...to }).filter((key) => key in to), Object.keys(to));
}

/** Whether the entries that stay have their order, those that are new stand behind them, and some stay. */
function isInOrder(
  from: readonly JsonObject[],
  to: readonly JsonObject[],
  identity: (entry: JsonObject) => string,
): boolean {
  const [before, after] = [from.map(identity), to.map(identity)];
  const staying = before.filter((name) => after.includes(name));
  const named = new Map(to.map((entry) => [identity(entry), entry]));
  const areInOrder = from.every((entry) => hasOrderOf(entry, named.get(identity(entry)) ?? {}));
  return staying.length > 0 && areInOrder && new Set(before).size === before.length &&
    isEqual(staying, after.slice(0, staying.length));
}

function linesOf(value: unknown, column: number): string[] {
  const text = new Document(value, frontMatterOptions).toString({ lineWidth: 0, indentSeq: false });
  return text.trimEnd().split("\n").map((line) => " ".repeat(column) + line);
}
