import { Document, isMap, isSeq, Pair, Scalar, visit, YAMLMap, YAMLSeq } from "yaml";
import { Card, readDataFiles } from "./card.ts";
import { featuresToYaml } from "./yaml_features.ts";

/** What a push says of its config in the README. */
export interface CardChange {
  readonly config: string;
  /** The split that is pushed. Of others what the README says stays. */
  readonly split: string;
  /** Patterns of all splits of the config. */
  readonly dataFiles: ReadonlyMap<string, readonly string[]>;
  /** Null where only the files themselves tell them; undefined where those of the README stay. */
  readonly features: Readonly<Record<string, unknown>> | null | undefined;
  /** All of the config's splits, or null where something is not known of one: Python refuses a list that lacks one. */
  readonly splits: readonly { name: string; memoryBytes: number; rowCount: number }[] | null;
  /** Bytes of all the config's files. */
  readonly downloadBytes: number;
}

/**
 * A README's text with the change. Only the keys `configs` and `dataset_info` are written anew, and of them only what
 * the change is about: everything else stays byte for byte.
 */
export function mergeCard(text: string, change: CardChange): string {
  const card = new Card(text);
  const document = card.parse();
  if (document.contents === null) document.contents = new YAMLMap() as never;
  const top = document.contents as unknown as YAMLMap;
  mergeInfo(document, top, change);
  mergeConfigs(document, top, change);
  const front = withSections(card.frontMatter.replace(/\r\n?/g, "\n"), document, ["dataset_info", "configs"]);
  return [`---\n${front}---\n`.replaceAll("\n", card.lineBreak), card.prose].join("");
}

function mergeConfigs(document: Document, top: YAMLMap, { config, split, dataFiles }: CardChange): void {
  let configs = top.get("configs");
  if (!isSeq(configs)) top.set("configs", configs = new YAMLSeq());
  const entry = entryNamed(configs as YAMLSeq, config) ?? addEntry(document, configs as YAMLSeq, config);
  const old = entry.get("data_files");
  // Patterns are below the config's folder, if it has one; those that are given are not.
  const known = entry.delete("data_dir") ? null : readDataFiles(isSeq(old) ? old.toJS(document) : old);
  const isList = isSeq(old) && known !== null &&
    old.items.every((item) => isMap(item) && known.has(splitOf(item)));
  const list = isList ? old : new YAMLSeq();
  for (const name of new Set([...known?.keys() ?? [], ...dataFiles.keys()])) {
    const isOther = name !== split && known?.has(name);
    const patterns = (isOther ? known!.get(name) : dataFiles.get(name)) ?? [];
    const path = patterns.length === 1 ? patterns[0] : patterns;
    const item = list.items.find((item) => isMap(item) && splitOf(item) === name);
    if (item === undefined) list.add(nodeOf(document, { split: name, path }));
    else if (!isOther) (item as YAMLMap).set("path", nodeOf(document, path));
  }
  if (!isList) entry.set("data_files", list);
}

function splitOf(item: YAMLMap): string {
  return String(item.get("split"));
}

function mergeInfo(document: Document, top: YAMLMap, change: CardChange): void {
  const { config, features, splits, downloadBytes } = change;
  const entry = infoEntry(document, top, config);
  if (features === null) entry.delete("features");
  else if (features !== undefined) entry.set("features", nodeOf(document, featuresToYaml(features)));
  if (splits === null) {
    for (const key of ["splits", "download_size", "dataset_size"]) entry.delete(key);
    return;
  }
  const listed = splits.map(({ name, memoryBytes, rowCount }) => ({
    name,
    num_bytes: memoryBytes,
    num_examples: rowCount,
  }));
  entry.set("splits", nodeOf(document, listed));
  entry.set("download_size", downloadBytes);
  entry.set("dataset_size", splits.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0));
}

/** One config's part of `dataset_info`, which is an object as long as there is one config, and a list of them then. */
function infoEntry(document: Document, top: YAMLMap, config: string): YAMLMap {
  const info = top.get("dataset_info");
  if (isSeq(info)) return entryNamed(info as YAMLSeq, config) ?? addEntry(document, info as YAMLSeq, config);
  if (isMap(info)) {
    if (String(info.get("config_name") ?? "default") === config) return info as YAMLMap;
    if (!info.has("config_name")) info.items.unshift(document.createPair("config_name", "default") as never);
    const list = new YAMLSeq();
    list.add(info);
    top.set("dataset_info", list);
    return addEntry(document, list, config);
  }
  const entry = nodeOf(document, config === "default" ? {} : { config_name: config }) as YAMLMap;
  top.set("dataset_info", entry);
  return entry;
}

function entryNamed(list: YAMLSeq, config: string): YAMLMap | undefined {
  return list.items.find((item) => isMap(item) && String(item.get("config_name") ?? "default") === config) as
    | YAMLMap
    | undefined;
}

function addEntry(document: Document, list: YAMLSeq, config: string): YAMLMap {
  const entry = nodeOf(document, { config_name: config }) as unknown as YAMLMap;
  list.add(entry);
  return entry;
}

/**
 * A node of a value. Strings that are no plain words stand in quotes, because PyYAML takes some of them for something else
 * that this library does not, such as `=`.
 */
function nodeOf(document: Document, value: unknown) {
  const node = document.createNode(value);
  visit(node as never, {
    Scalar(_, scalar) {
      const isWord = typeof scalar.value !== "string" || /^[A-Za-z_][\w .,/*[\]=-]*$/.test(scalar.value);
      if (!isWord) scalar.type = "QUOTE_SINGLE";
    },
  });
  return node;
}

const format = { version: "1.1", lineWidth: 0, indentSeq: false } as const;

/** The text with the sections of these keys as the document has them now, new ones at the end. */
function withSections(text: string, document: Document, keys: readonly string[]): string {
  const top = document.contents as unknown as YAMLMap<Scalar, unknown>;
  const lines = text === "" ? [] : text.split("\n");
  const starts = new Map<string, number>();
  for (const { key } of top.items) {
    if (key?.range) starts.set(String(key.value), text.slice(0, key.range[0]).split("\n").length - 1);
  }
  // Keys in braces have no section of their own, and a name for a value is known only where all is.
  const hasAliases = /(^|\s)\*\w/m.test(text);
  const isPlain = !top.flow && !hasAliases &&
    [...starts].every(([key, line]) => new RegExp(`^["']?${escape(key)}`).test(lines[line]));
  if (!isPlain) return document.toString(format);
  const order = [...starts.values()].sort((a, b) => a - b);
  const replaced = keys.map((key) => {
    const start = starts.get(key) ?? lines.length;
    let end = starts.has(key) ? order.find((line) => line > start) ?? lines.length : start;
    // Blank lines and comments in front of the next key are that key's.
    while (end > start + 1 && /^(#|\s*$)/.test(lines[end - 1])) end--;
    return { start, end, text: sectionText(document, key) };
  });
  for (const { start, end, text } of replaced.reverse().sort((a, b) => b.start - a.start)) {
    lines.splice(start, end - start, ...text.trimEnd().split("\n"));
  }
  return `${lines.join("\n")}\n`;
}

/** What is said before the key stands outside of the section and stays there. */
function sectionText(document: Document, key: string): string {
  const section = new Document({}, { version: "1.1" });
  const map = new YAMLMap();
  const value = (document.contents as unknown as YAMLMap).get(key, true);
  map.items.push(new Pair(new Scalar(key), value));
  section.contents = map as never;
  return section.toString(format);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
