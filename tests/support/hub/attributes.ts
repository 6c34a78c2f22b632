/** Which files are large: kept outside git, and uploaded before the commit that names them. */
import { writable } from "./accounts.ts";
import {
  type Answer,
  decodeBase64,
  HubError,
  type HubRequest,
  json,
  jsonBody,
  objectList,
} from "./exchange.ts";
import type { Commit } from "./repository.ts";

const extensions =
  "7z arrow bin bz2 ckpt ftz gz h5 joblib lz4 mds mlmodel model msgpack npy npz onnx ot parquet pb pickle pkl pt " +
  "pth rar safetensors tar tflite tgz wasm xz zip zst pcm sam raw aac flac mp3 ogg wav bmp gif png tiff jpg jpeg " +
  "webp mp4 webm";

/** What a new dataset repository begins with. */
export const defaultAttributes = extensions.split(" ").map((extension) =>
  `*.${extension} filter=lfs diff=lfs merge=lfs -text\n`
).join("");

/** Above this a file is large whatever it is called. */
const regularBytesMax = 10_000_000;

/** Whether a file of that name, size and beginning is a large one: by `.gitattributes`, by size, or because it is binary. */
export function isLarge({ files }: Commit, path: string, size: number, sample: Uint8Array): boolean {
  if (size === 0) return false;
  if (size > regularBytesMax || sample.includes(0)) return true;
  const attributes = files.get(".gitattributes")?.content ?? new Uint8Array();
  const name = path.split("/").at(-1)!;
  return new TextDecoder().decode(attributes).split("\n")
    .filter((line) => line.includes("filter=lfs"))
    .map((line) => line.split(/\s+/)[0])
    .some((pattern) => pattern.startsWith("*.") ? name.endsWith(pattern.slice(1)) : path === pattern);
}

/** `POST /api/datasets/ID/preupload/REVISION`: how each file is to be uploaded, and what is there under its name now. */
export function preupload(request: HubRequest, id: string, revision: string): Answer {
  const commit = writable(request, id).resolve(revision);
  const files = objectList(jsonBody(request), "files").map(({ path, size, sample }) => {
    const start = decodeBase64(sample);
    if (typeof path !== "string" || !Number.isSafeInteger(size) || start === undefined) {
      throw new HubError(400, "Every file needs a path, a size and the base64 of its first 512 bytes");
    }
    if (start.length !== Math.min(512, size as number)) {
      throw new HubError(400, `The sample of ${path} has ${start.length} bytes, its size is ${size}`);
    }
    const present = commit.files.get(path);
    return {
      path,
      uploadMode: isLarge(commit, path, size as number, start) ? "lfs" : "regular",
      shouldIgnore: false,
      oid: present?.lfs?.oid ?? present?.blobId,
    };
  });
  if (files.length > 256) throw new HubError(413, `At most 256 files at a time, got ${files.length}`);
  return json({ files, commitOid: commit.id });
}

/** `POST /api/validate-yaml`. */
export function validateYaml(request: HubRequest): Answer {
  const { content } = jsonBody(request);
  if (typeof content !== "string") throw new HubError(400, '"content" must be a string');
  const problem = frontMatterProblem(content);
  const warnings = content.startsWith("---")
    ? []
    : [{ message: "empty or missing yaml metadata in repo card" }];
  return problem === undefined
    ? json({ errors: [], warnings })
    : json({ errors: [{ message: problem }], warnings: [] }, 400);
}

/** What is wrong with a README's front matter. Only what can be seen without a YAML reader. */
export function frontMatterProblem(readme: string): string | undefined {
  if (!/^---\r?\n/.test(readme)) return undefined;
  const lines = readme.split(/\r?\n/);
  const end = lines.indexOf("---", 1);
  if (end < 0) return "The front matter has no end: a line of ---";
  const tab = lines.slice(1, end).findIndex((line) => /^ *\t/.test(line));
  return tab < 0 ? undefined : `Line ${tab + 2} of the front matter is indented by a tab`;
}
