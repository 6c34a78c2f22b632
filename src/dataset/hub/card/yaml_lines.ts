import { isObject } from "../../json_object.ts";
import {
  Document,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { frontMatterOptions } from "./yaml_schema.ts";

/**
 * Front matter as lines, of which only those change that a change is about: all others stay byte for byte, with their
 * comments, quotes and order. Each change reads the text anew, for it has moved what stands below.
 */
export class YamlLines {
  #parsed: { readonly text: string; readonly document: Document.Parsed } | null = null;

  /** @param text With line feeds between lines, "" for none. */
  constructor(public text: string) {}

  /** Whether lines can be told apart by keys: in braces, or with names for values, they cannot. */
  get isPlain(): boolean {
    const document = this.#parse();
    const { contents } = document;
    let isNamed = false;
    visit(document, {
      Alias: () => void (isNamed = true),
      Value: (_, { anchor }) => void (isNamed ||= anchor !== undefined),
    });
    return !isNamed && (contents === null || (isMap(contents) && isBlock(contents)));
  }

  /**
   * Makes a key say something else: only the lines of what differs are written. Entries of lists are known by what
   * `identity` calls them; undefined takes the key out.
   */
  change(path: Path, key: string, from: unknown, to: unknown, identity: (entry: Json) => string): void {
    if (isEqual(from, to)) return;
    if (to === undefined) return this.delete(path, key);
    const inside = [...path, key];
    if (isObject(from) && isObject(to) && hasOrderOf(from, to) && this.hasLines(inside)) {
      for (const each of keysOf(from, to)) this.change(inside, each, from[each], to[each], identity);
    } else if (isEntries(from) && isEntries(to) && this.hasLines(inside) && isInOrder(from, to, identity)) {
      this.#changeEntries(inside, from, to, identity);
    } else this.set(path, key, to);
  }

  #changeEntries(
    path: Path,
    from: readonly Json[],
    to: readonly Json[],
    identity: (entry: Json) => string,
  ): void {
    const named = new Map(to.map((entry) => [identity(entry), entry]));
    for (let place = from.length - 1; place >= 0; place--) {
      const [before, after] = [from[place], named.get(identity(from[place]))];
      if (after === undefined) this.remove(path, place);
      else {
        for (const key of keysOf(before, after)) {
          this.change([...path, place], key, before[key], after[key], identity);
        }
      }
    }
    const known = from.map(identity);
    for (const entry of to) if (!known.includes(identity(entry))) this.add(path, entry);
  }

  /** Makes the map of a key the first entry of a list, whose first key is this one. */
  wrap(key: string, first: string, value: unknown): void {
    const { map, column } = this.#map([key]);
    if (map === null || column < 2) return;
    const line = this.#lineAt(startOf(map.items[0]));
    const dash = `${" ".repeat(column - 2)}- `;
    if (findPair(map, first) === undefined) {
      this.#splice(line, 0, linesOf({ [first]: value }, 0).map((text) => dash + text));
    } else this.#splice(line, 1, [dash + this.#lines[line].slice(column)]);
  }

  /** Sets a key of the map under a path of keys and places; the map must be there. */
  set(path: Path, key: string, value: unknown): void {
    const { map, column } = this.#map(path);
    const pair = findPair(map, key);
    const lines = linesOf({ [key]: value }, column);
    if (pair === undefined) {
      const last = map?.items.at(-1);
      this.#splice(last === undefined ? this.#lineCount : this.#lastLine(last) + 1, 0, lines);
      return;
    }
    const first = this.#lineAt(startOf(pair));
    // The first key of an entry stands behind its dash.
    lines[0] = this.#lines[first].slice(0, column) + lines[0].slice(column);
    this.#splice(first, this.#lastLine(pair) + 1 - first, lines);
  }

  /** Takes a key out, with what it has. */
  delete(path: Path, key: string): void {
    const { map, column } = this.#map(path);
    const pair = findPair(map, key);
    if (pair === undefined || map === null) return;
    const first = this.#lineAt(startOf(pair));
    const next = map.items[map.items.indexOf(pair) + 1];
    const lead = this.#lines[first].slice(0, column);
    const isBehindDash = lead.trim() !== "";
    this.#splice(
      first,
      this.#lastLine(pair) + 1 - first,
      isBehindDash && next === undefined ? [`${lead}{}`] : [],
    );
    if (!isBehindDash || next === undefined) return;
    // The next key takes its place.
    while (/^\s*(#|$)/.test(this.#lines[first])) this.#splice(first, 1, []);
    this.#splice(first, 1, [lead + this.#lines[first].slice(column)]);
  }

  /** Adds an entry to the list under a path. */
  add(path: Path, value: unknown): void {
    const list = this.#node(path);
    if (!isSeq(list) || list.items.length === 0) throw new Error("an entry can only stand below others");
    const lines = linesOf([value], this.#columnAt(list.range![0]));
    this.#splice(this.#lastLine(list) + 1, 0, lines);
  }

  /** Takes an entry out of the list under a path. */
  remove(path: Path, place: number): void {
    const list = this.#node(path);
    if (!isSeq(list)) return;
    const first = this.#lineAt((list.items[place] as { range: [number] }).range[0]);
    this.#splice(first, this.#lastLine(list.items[place]) + 1 - first, []);
  }

  /** Whether the node under a path is a map or a list of at least one, each in lines of its own. */
  hasLines(path: Path): boolean {
    const node = this.#node(path);
    return isCollection(node) && node.items.length > 0 && isBlock(node) &&
      (!isSeq(node) || node.items.every((item) => {
        // An entry begins behind its dash.
        return isMap(item) && isBlock(item) && item.items.length > 0 &&
          /^[ \t]*- +$/.test(
            this.#lines[this.#lineAt(item.range![0])].slice(0, this.#columnAt(item.range![0])),
          );
      }));
  }

  #parse(): Document.Parsed {
    if (this.#parsed?.text !== this.text) {
      this.#parsed = { text: this.text, document: parseDocument(this.text, frontMatterOptions) };
    }
    return this.#parsed!.document;
  }

  get #lines(): string[] {
    return this.text === "" ? [] : this.text.replace(/\n$/, "").split("\n");
  }

  get #lineCount(): number {
    return this.#lines.length;
  }

  #node(path: Path): unknown {
    return path.length === 0 ? this.#parse().contents : this.#parse().getIn(path, true);
  }

  #map(path: Path): { map: YAMLMap | null; column: number } {
    const map = this.#node(path);
    if (!isMap(map)) return { map: null, column: 0 };
    return { map, column: this.#columnAt(startOf(map.items[0])) };
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
      const { key, value } = node as Pair;
      return isNode(value) && value.range && value.range[1] > value.range[0]
        ? this.#lastLine(value)
        : this.#lastLine(key);
    }
    if (isCollection(node) && isBlock(node) && node.items.length > 0) {
      return this.#lastLine(node.items.at(-1));
    }
    const { range } = node as { range: [number, number] };
    const isText = isScalar(node) && /^BLOCK/.test(node.type ?? "");
    const end = isText ? range[0] + this.text.slice(range[0], range[1]).trimEnd().length : range[1];
    return this.#lineAt(Math.max(range[0], end - 1));
  }

  #splice(at: number, count: number, lines: readonly string[]): void {
    const all = this.#lines;
    all.splice(at, count, ...lines);
    this.text = all.map((line) => `${line}\n`).join("");
  }
}

type Json = Readonly<Record<string, unknown>>;

function isEntries(value: unknown): value is readonly Json[] {
  return Array.isArray(value) && value.every(isObject);
}

function isEqual(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

function keysOf(from: Json, to: Json): string[] {
  return [...new Set([...Object.keys(from), ...Object.keys(to)])];
}

/** Whether keys that are put behind those that stay have the order that is meant: of a feature the first tells the kind. */
function hasOrderOf(from: Json, to: Json): boolean {
  return isEqual(keysOf(from, to).filter((key) => key in to), Object.keys(to));
}

/** Whether the entries that stay have their order, those that are new stand behind them, and some stay. */
function isInOrder(from: readonly Json[], to: readonly Json[], identity: (entry: Json) => string): boolean {
  const [before, after] = [from.map(identity), to.map(identity)];
  const staying = before.filter((name) => after.includes(name));
  const named = new Map(to.map((entry) => [identity(entry), entry]));
  const areInOrder = from.every((entry) => hasOrderOf(entry, named.get(identity(entry)) ?? {}));
  return staying.length > 0 && areInOrder && new Set(before).size === before.length &&
    isEqual(staying, after.slice(0, staying.length));
}

type Path = readonly (string | number)[];

function isBlock(node: { flow?: boolean }): boolean {
  return node.flow !== true;
}

function startOf(pair: unknown): number {
  return ((pair as Pair).key as { range: [number] }).range[0];
}

/** Of a key that is there twice the last counts. */
function findPair(map: YAMLMap | null, key: string): Pair | undefined {
  return map?.items.findLast(({ key: found }) => isScalar(found) && found.value === key) as Pair | undefined;
}

function linesOf(value: unknown, column: number): string[] {
  const text = new Document(value, frontMatterOptions).toString({ lineWidth: 0, indentSeq: false });
  return text.trimEnd().split("\n").map((line) => " ".repeat(column) + line);
}
