import { isObject } from "../json_object.ts";
import { type Place, readText } from "./place.ts";
import { damaged, refuse, shown, toCount } from "./refusals.ts";
import type { LeRobotFeature } from "./types.ts";

/** What `meta/info.json` says, checked. */
export interface Info {
  readonly path: string;
  /** Versions 2 have a file an episode and lists as JSON lines, version 3 has several episodes a file and Parquet lists. */
  readonly major: 2 | 3;
  readonly fps: number;
  readonly robotType: string | null;
  readonly features: ReadonlyMap<string, LeRobotFeature>;
  readonly episodeCount: number;
  readonly frameCount: number;
  readonly taskCount: number;
  /** Episodes a chunk in versions 2. */
  readonly chunkSize: number;
  readonly dataPath: string;
  readonly raw: Readonly<Record<string, unknown>>;
}

const infoPath = "meta/info.json";

const dataPaths = {
  2: "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
  3: "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
} as const;

export async function readInfo(place: Place): Promise<Info> {
  const raw = parseObject(await readText(place, infoPath));
  const major = parseVersion(raw.codebase_version);
  const { fps, robot_type: robotType = null, data_path: dataPath = dataPaths[major] } = raw;
  if (typeof fps !== "number" || !(fps > 0)) throw wrong("fps", "a number above 0", fps);
  if (robotType !== null && typeof robotType !== "string") {
    throw wrong("robot_type", "a string or null", robotType);
  }
  if (typeof dataPath !== "string" || /^\/|(^|\/)\.\.(\/|$)/.test(dataPath)) {
    throw wrong("data_path", "a path below the dataset", dataPath);
  }
  const count = (name: string, value: unknown) => toCount(value, `${infoPath}: ${name}`);
  const chunkSize = count("chunks_size", raw.chunks_size ?? 1000);
  if (chunkSize === 0) throw wrong("chunks_size", "a number above 0", chunkSize);
  return {
    path: infoPath,
    major,
    fps,
    robotType,
    features: parseFeatures(raw.features),
    episodeCount: count("total_episodes", raw.total_episodes),
    frameCount: count("total_frames", raw.total_frames),
    taskCount: count("total_tasks", raw.total_tasks),
    chunkSize,
    dataPath,
    raw,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw damaged(`${infoPath} must be a JSON object`);
}

function parseVersion(version: unknown): 2 | 3 {
  const major = Number(/^v?(\d+)\.\d+/.exec(String(version))?.[1]);
  if (major === 2 || major === 3) return major;
  const what = `${infoPath}: codebase_version must be v2 or v3, got ${shown(version)}`;
  throw Number.isNaN(major) ? damaged(what) : refuse(major > 3 ? "newer-version" : "unsupported", what);
}

function parseFeatures(features: unknown): Map<string, LeRobotFeature> {
  if (!isObject(features)) throw wrong("features", "an object", features);
  return new Map(
    Object.entries(features).map(([name, feature]) => {
      const { dtype, shape } = (feature ?? {}) as Record<string, unknown>;
      const isShape = Array.isArray(shape) &&
        shape.every((length) => length === null || Number.isSafeInteger(length));
      if (typeof dtype === "string" && isShape) return [name, feature as LeRobotFeature];
      throw wrong(`features["${name}"]`, "an object with dtype and shape", feature);
    }),
  );
}

function wrong(name: string, allowed: string, value: unknown): Error {
  return damaged(`${infoPath}: ${name} must be ${allowed}, got ${shown(value)}`);
}

/** Fills a template as Python's `format` does: `{episode_index:06d}`. */
export function fillPath(template: string, values: Readonly<Record<string, number>>): string {
  return template.replace(/\{(\w*)(?::0?(\d+)d)?\}/g, (_, name: string, width = "0") => {
    if (Object.hasOwn(values, name)) return String(values[name]).padStart(Number(width), "0");
    throw wrong("data_path", `a path with ${Object.keys(values).join(" and ")}`, template);
  });
}
