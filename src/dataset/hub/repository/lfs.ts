import { builtin } from "../../../native/builtin.ts";
import { HttpError } from "../http/failure.ts";
import type { HubRepository } from "./repository.ts";
import type { Request } from "../http/client.ts";

/** A local file that is to be at the Hub. */
export interface Upload {
  /** Of the local file. */
  readonly path: string;
  /** In the repository, for messages. */
  readonly target: string;
  readonly byteLength: number;
  readonly sha256: string;
}

interface Action {
  readonly href: string;
  readonly header?: Readonly<Record<string, string>>;
}

interface BatchObject {
  readonly oid?: unknown;
  readonly actions?: { readonly upload?: Action; readonly verify?: Action };
  readonly error?: { readonly message?: unknown };
}

const lfsType = "application/vnd.git-lfs+json";
/** How often is begun anew what the storage refused: its links expire, and a part may have been lost. */
const roundsMax = 3;

/**
 * Uploads a large file: the Hub says where to, in one piece or in parts, and is told when all is there. Returns the bytes
 * that went, none where the Hub has the content already.
 */
export async function uploadLarge(repository: HubRepository, upload: Upload): Promise<number> {
  const { target, byteLength, sha256 } = upload;
  for (let round = 1;; round++) {
    const actions = await askWhere(repository, upload);
    if (actions === null) return round === 1 ? 0 : byteLength;
    try {
      const { href: url, header: headers } = actions.upload;
      if (headers?.chunk_size !== undefined) await sendParts(repository, upload, actions.upload);
      else await send(repository, upload, { url, headers, start: 0, end: byteLength });
      if (actions.verify !== undefined) {
        const { href, header } = actions.verify;
        const what = `whether ${target} arrived`;
        await post(repository, { url: href, headers: header, what }, { oid: sha256, size: byteLength });
      }
      return byteLength;
    } catch (error) {
      const isRefused = error instanceof HttpError && error.answer.status < 500 &&
        error.answer.status !== 429;
      if (!isRefused || round >= roundsMax) throw error;
    }
  }
}

/** As many parts as the storage itself allows. */
const partsMax = 10_000;

/** The SHA-256 of a file, which is its name at the Hub, and the begin by which the Hub knows what it is. */
export async function hashFile(
  path: string,
  signal?: AbortSignal,
): Promise<{ sha256: string; byteLength: number; sample: string }> {
  const hash = builtin.crypto.createHash("sha256");
  let [byteLength, sample] = [0, ""];
  for await (const piece of builtin.fs.createReadStream(path, { highWaterMark: 1 << 20, signal })) {
    if (byteLength === 0) sample = piece.toString("base64", 0, 512);
    hash.update(piece);
    byteLength += piece.length;
  }
  return { sha256: hash.digest("hex"), byteLength, sample };
}

/** Whether the repository takes a file of that name and size as a large one, which is uploaded before the commit. */
export async function isLarge(
  repository: HubRepository,
  branch: string,
  file: { readonly path: string; readonly size: number; readonly sample: string },
): Promise<boolean> {
  const { client, action } = repository;
  const what = `how ${file.path} is to be uploaded`;
  const answer = await client.post({ url: repository.api("preupload", branch), action, what }, {
    files: [file],
  }) as { files?: { uploadMode?: unknown }[] } | null;
  const mode = answer?.files?.[0]?.uploadMode;
  if (mode === "lfs" || mode === "regular") return mode === "lfs";
  throw repository.notUnderstood(what);
}

async function askWhere(
  repository: HubRepository,
  { sha256, byteLength, target }: Upload,
): Promise<{ upload: Action; verify?: Action } | null> {
  const { client, url, action } = repository;
  const what = `where to upload ${target}`;
  const answer = await client.post({
    url: `${url}.git/info/lfs/objects/batch`,
    headers: { "Accept": lfsType, "Content-Type": lfsType },
    action,
    what,
  }, {
    operation: "upload",
    transfers: ["basic", "multipart"],
    hash_algo: "sha256",
    objects: [{ oid: sha256, size: byteLength }],
  }) as { objects?: (BatchObject | null)[] } | null;
  const objects = answer?.objects;
  const object = Array.isArray(objects) ? objects.find((each) => each?.oid === sha256) : undefined;
  if (object?.error) {
    throw repository.refuse("input-output", `${target} was refused, "${object.error.message}"`.slice(0, 500));
  }
  if (!object) throw repository.notUnderstood(what);
  const { upload, verify } = object.actions ?? {};
  if (!upload) return null;
  if (!isAction(upload) || (verify && !isAction(verify))) throw repository.notUnderstood(what);
  return { upload, verify: verify ?? undefined };
}

function isAction({ href, header }: { href?: unknown; header?: unknown }): boolean {
  return typeof href === "string" && URL.canParse(href) && typeof (header ?? {}) === "object" &&
    Object.values(header ?? {}).every((value) => typeof value === "string" || typeof value === "number");
}

/** Puts a run of bytes of the file into the storage, and returns the answer's headers. */
async function send(
  { client, action }: HubRepository,
  { path, target, byteLength }: Upload,
  { url, headers, start, end }: {
    url: string;
    headers?: Action["header"];
    start: number;
    end: number;
  },
): Promise<Headers> {
  const tell = (bytes: number) =>
    client.settings.onProgress({ kind: "upload", path: target, bytes: start + bytes, byteLength });
  const request = {
    url,
    method: "PUT",
    headers: { ...headers, "Content-Length": String(end - start) },
    body: () => streamOf(path, start, end, tell),
    isStorage: true,
    redirect: "manual" as const,
    action,
    what: target,
  };
  return await client.request(request, async (response) => {
    await response.text();
    return response.headers;
  });
}

/** The file is opened when it is read: a request that is refused before leaves it alone, and it may be gone then. */
function streamOf(
  path: string,
  start: number,
  end: number,
  tell: (bytes: number) => void,
): ReadableStream<Uint8Array> {
  let pieces: AsyncIterator<Uint8Array> | null = null;
  let bytes = 0;
  return new ReadableStream({
    async pull(controller) {
      pieces ??= builtin.fs.createReadStream(path, { start, end: end - 1, highWaterMark: 1 << 18 })
        [Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      const { done, value } = await pieces.next();
      if (done) return controller.close();
      controller.enqueue(value);
      tell(bytes += value.length);
    },
    cancel: async () => void await pieces?.return?.(),
  }, { highWaterMark: 0 });
}

/** The parts' addresses stand among the headers, by number from 1. */
async function sendParts(
  repository: HubRepository,
  upload: Upload,
  { href, header = {} }: Action,
): Promise<void> {
  const { byteLength, target, sha256 } = upload;
  const partBytes = Number(header.chunk_size);
  const numbers = Object.keys(header).filter((key) => /^\d+$/.test(key)).sort((a, b) =>
    Number(a) - Number(b)
  );
  const isPlan = partBytes > 0 && numbers.length === Math.ceil(byteLength / partBytes);
  if (!isPlan || numbers.length > partsMax) {
    throw repository.notUnderstood(`where to upload the parts of ${target}`);
  }
  const parts: { partNumber: number; etag: string }[] = [];
  for (const [i, number] of numbers.entries()) {
    const [start, end] = [i * partBytes, Math.min(byteLength, (i + 1) * partBytes)];
    const headers = await send(repository, upload, { url: header[number], start, end });
    const etag = headers.get("etag");
    if (etag === null) throw repository.notUnderstood(`the ETag of part ${number} of ${target}`);
    parts.push({ partNumber: Number(number), etag });
  }
  const signed = { url: href, isStorage: true, what: `the parts of ${target}` };
  await post(repository, signed, { oid: sha256, parts });
}

/** Posts JSON as Git LFS has it; returns the answer's text. */
async function post(
  { client, action }: HubRepository,
  request: Pick<Request, "url" | "headers" | "isStorage" | "what">,
  body: unknown,
): Promise<string> {
  const headers = { "Accept": lfsType, "Content-Type": lfsType, ...request.headers };
  return await client.request(
    { ...request, method: "POST", headers, body: JSON.stringify(body), action },
    (response) => response.text(),
  );
}
