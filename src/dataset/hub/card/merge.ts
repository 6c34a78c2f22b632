import { isObject, type JsonObject } from "../../json_object.ts";
import { type Document, isMap, YAMLMap } from "yaml";
import { Card, readDataFiles } from "./card.ts";
import { featuresToYaml } from "./features.ts";
import { changeLines } from "./yaml_lines.ts";

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
 * A README's text with the change. Only the keys `configs` and `dataset_info` are written, and of them only what the
 * change is about: everything else stays byte for byte.
 */
export function mergeCard(readme: string, change: CardChange): string {
  const card = new Card(readme);
  const document = card.parse();
  const values = (document.toJS() ?? {}) as JsonObject;
  const { dataset_info, configs } = values;
  const from = { dataset_info, configs };
  const to = { dataset_info: mergeInfo(dataset_info, change), configs: mergeConfigs(configs, change) };
  const text = card.frontMatter.replace(/\r\n?/g, "\n");
  const changed = changeLines(text, document, { from, to, identity: identityOf }) ??
    rewritten(document, to);
  const front = changed.endsWith("\n") ? changed : `${changed}\n`;
  return [`---\n${front}---\n`.replaceAll("\n", card.lineBreak), card.prose].join("");
}

function rewritten(document: Document, to: JsonObject): string {
  const top = isMap(document.contents) ? document.contents : new YAMLMap();
  for (const [key, value] of Object.entries(to)) top.set(key, document.createNode(value));
  return document.toString({ lineWidth: 0, indentSeq: false });
}

/** By what the entries of the lists that are changed are known. */
function identityOf({ config_name, split, name, path }: JsonObject): string {
  return String(config_name ?? (path === undefined ? name : split) ?? "default");
}

function mergeConfigs(configs: unknown, { config, split, dataFiles }: CardChange): unknown[] {
  return withEntry(configs, config, (entry) => {
    const { data_dir, ...rest } = entry ?? { config_name: config };
    const old = rest.data_files;
    // Patterns are below the config's folder, if it has one; those that are given are not.
    const known = data_dir === undefined ? readDataFiles(old) : null;
    const isList = Array.isArray(old) && known !== null &&
      old.every((item) => isObject(item) && known.has(String(item.split)));
    const list: JsonObject[] = isList ? [...old] : [];
    for (const name of new Set([...known?.keys() ?? [], ...dataFiles.keys()])) {
      const isOther = name !== split && known?.has(name);
      const patterns = (isOther ? known!.get(name) : dataFiles.get(name)) ?? [];
      const path = patterns.length === 1 ? patterns[0] : patterns;
      const place = list.findIndex((item) => String(item.split) === name);
      if (place < 0) list.push({ split: name, path });
      else if (!isOther) list[place] = { ...list[place], path };
    }
    return { ...rest, data_files: list };
  });
}

function mergeInfo(info: unknown, { config, features, splits, downloadBytes }: CardChange): unknown {
  const merged = (entry: JsonObject): JsonObject => {
    const next: Record<string, unknown> = { ...entry };
    if (features === null) delete next.features;
    else if (features !== undefined) next.features = featuresToYaml(features);
    if (splits === null) {
      for (const key of ["splits", "download_size", "dataset_size"]) delete next[key];
      return next;
    }
    const old = entry.splits;
    const known = Array.isArray(old) ? old.filter(isObject) : [];
    next.splits = splits.map(({ name, memoryBytes, rowCount }) => {
      const before = known.find((split) => String(split.name) === name);
      const isSame = Number(before?.num_bytes) === memoryBytes && Number(before?.num_examples) === rowCount;
      return isSame ? before : { ...before, name, num_bytes: memoryBytes, num_examples: rowCount };
    });
    next.download_size = downloadBytes;
    next.dataset_size = splits.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    return next;
  };
  const isOnly = isObject(info) && nameOf(info) === config;
  if (isOnly) return merged(info);
  if (isObject(info)) {
    const first = info.config_name === undefined ? { config_name: "default", ...info } : info;
    return [first, merged({ config_name: config })];
  }
  if (Array.isArray(info)) {
    return withEntry(info, config, (entry) => merged(entry ?? { config_name: config }));
  }
  return merged(config === "default" ? {} : { config_name: config });
}

function nameOf(entry: JsonObject): string {
  return String(entry.config_name ?? "default");
}

/** The list with one config's entry as `make` has it, of the one that is there. */
function withEntry(
  list: unknown,
  config: string,
  make: (entry: JsonObject | undefined) => JsonObject,
): unknown[] {
  const entries: unknown[] = Array.isArray(list) ? [...list] : [];
  const place = entries.findIndex((entry) => isObject(entry) && nameOf(entry) === config);
  if (place < 0) return [...entries, make(undefined)];
  entries[place] = make(entries[place] as JsonObject);
  return entries;
}
