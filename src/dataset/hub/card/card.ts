import { isObject, type JsonObject } from "../../json_object.ts";
import { type Document, parseDocument } from "yaml";
import { StreamStoreError } from "../../../error.ts";
import { featuresFromYaml } from "./features.ts";
import { frontMatterOptions } from "./yaml_schema.ts";

/** A thousand configs of ten columns have half of it; the time that it takes to read grows with it. */
const frontMatterMax = 2_000_000;

/** A config of a README: which files its splits have. */
export interface CardConfig {
  readonly name: string;
  /** What its patterns begin with: "" or a path with a slash at the end. */
  readonly folder: string;
  /** Patterns by split; null where the config leaves it to the names of the files. */
  readonly dataFiles: ReadonlyMap<string, readonly string[]> | null;
  readonly isDefault: boolean;
}

/** What `dataset_info` says of a config. */
export interface CardInfo {
  readonly features: Readonly<Record<string, unknown>> | null;
  readonly splits: ReadonlyMap<string, { readonly rowCount: number; readonly memoryBytes: number }> | null;
}

/** A README: its front matter and its prose. */
export class Card {
  /** The front matter's text without its fences, "" where there is none. */
  readonly frontMatter: string;
  /** All behind the front matter, with its line breaks as they are. */
  readonly prose: string;
  /** The line break that the front matter has. */
  readonly lineBreak: string;

  /** @param text The README, "" where there is none. */
  constructor(text: string) {
    const whole = text.replace(/^\ufeff/, "");
    const match = /^\s*---(\r\n|\r|\n)(?:([\s\S]*?)(?:\r\n|\r|\n))?---[ \t]*(?:\r\n|\n|$)/.exec(whole);
    this.frontMatter = match?.[2] ?? "";
    this.lineBreak = match?.[1] ?? "\n";
    this.prose = match === null ? whole : whole.slice(match[0].length);
  }

  /** The front matter, as Python's readers understand it. */
  parse(): Document {
    const refuse = (reason: string) =>
      new StreamStoreError(
        "damaged",
        `the front matter of README.md must be keys and values in YAML, got ${reason}`,
      );
    if (this.frontMatter.length > frontMatterMax) {
      throw new StreamStoreError(
        "file-too-large",
        `the front matter of README.md must have at most ${frontMatterMax} characters, got ` +
          this.frontMatter.length,
      );
    }
    try {
      const document = parseDocument(this.frontMatter.replace(/\r\n?/g, "\n"), frontMatterOptions);
      const [error] = document.errors;
      if (error !== undefined) throw error;
      if (document.contents === null || isObject(document.toJS())) return document;
    } catch (error) {
      // Of what is nested too deep the engine's stack has no more; of what names itself too often the library tells.
      throw refuse(
        error instanceof RangeError ? "a nesting too deep" : (error as Error).message.split("\n")[0],
      );
    }
    throw refuse("something else");
  }

  /** @param overriding The text of `.huggingface.yaml`, whose keys count before the README's. */
  values(overriding: string | null = null): JsonObject {
    const read = (document: Document) => (document.toJS() ?? {}) as JsonObject;
    const front = read(this.parse());
    if (overriding === null) return front;
    return { ...front, ...read(new Card(`---\n${overriding}\n---\n`).parse()) };
  }
}

/** The configs of a front matter; none where it leaves all to the names of the files. */
export function readConfigs(values: JsonObject): CardConfig[] {
  if (!Array.isArray(values.configs)) return [];
  return values.configs.filter((config) => isObject(config) && config.config_name !== undefined).map(
    (config) => {
      const folder = typeof config.data_dir === "string" ? config.data_dir.replace(/^\.?\/+|\/+$/g, "") : "";
      return {
        name: String(config.config_name),
        folder: folder === "" ? "" : `${folder}/`,
        dataFiles: readDataFiles(config.data_files),
        isDefault: config.default === true,
      };
    },
  );
}

/** One pattern or several for train, or for each split its own. */
export function readDataFiles(dataFiles: unknown): ReadonlyMap<string, readonly string[]> | null {
  if (dataFiles === undefined || dataFiles === null) return null;
  const list = Array.isArray(dataFiles) ? dataFiles : [dataFiles];
  const strings = (value: unknown) => (Array.isArray(value) ? value : [value]).map(String);
  if (!list.some(isObject)) return new Map([["train", strings(list)]]);
  return new Map(
    list.filter((entry) => isObject(entry) && entry.path !== undefined)
      .map((entry) => [String(entry.split ?? "train"), strings(entry.path)]),
  );
}

/** The config of that name, or the one that counts where no name is given; null where the front matter has none. */
export function chooseConfig(configs: readonly CardConfig[], name: string | undefined): CardConfig | null {
  if (configs.length === 0 && (name === undefined || name === "default")) return null;
  const names = configs.map((config) => config.name).join(", ");
  if (name !== undefined) {
    const found = configs.find((config) => config.name === name);
    if (found !== undefined) return found;
    throw new StreamStoreError("not-found", `config must be among ${names || "default"}, got "${name}"`);
  }
  const found = configs.length === 1
    ? configs[0]
    : configs.find((config) => config.isDefault || config.name === "default");
  if (found !== undefined) return found;
  throw new StreamStoreError("not-found", `config must be given, one of ${names}, got none`);
}

/** The part of `dataset_info` about a config; null where there is none. */
export function findInfo(values: JsonObject, name: string): CardInfo | null {
  const infos = Array.isArray(values.dataset_info) ? values.dataset_info : [values.dataset_info];
  const info = infos.find((candidate) =>
    isObject(candidate) && String(candidate.config_name ?? "default") === name
  );
  if (info === undefined) return null;
  const { features, splits } = info;
  return {
    features: features === undefined || features === null ? null : featuresFromYaml(features),
    splits: Array.isArray(splits)
      ? new Map(
        splits.filter(isObject).map((split) => [
          String(split.name),
          { rowCount: Number(split.num_examples), memoryBytes: Number(split.num_bytes) },
        ]),
      )
      : null,
  };
}
