import { builtin } from "../../../native/builtin.ts";
import { StreamStoreError } from "../../../error.ts";
import { clean, RefusalError } from "../http/failure.ts";
import type { HubRepository } from "./repository.ts";
import { sendFile } from "./send_file.ts";

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

/** How often is begun anew what the storage refused: its links expire, and a part may have been lost. */
const roundsMax = 3;

/**
 * Uploads a large file: the Hub says where to, in one piece or in parts, and is told when all is there. Returns the bytes
 * that went, none where the Hub has the content already.
 */
export async function uploadLarge(repository: HubRepository, upload: Upload): Promise<number> {
  for (let round = 1;; round++) {
    const actions = await askWhere(repository, upload);
    if (actions === null) return round === 1 ? 0 : upload.byteLength;
    try {
      if (actions.upload.header?.chunk_size === undefined) {
        await sendWhole(repository, upload, actions.upload);
      } else await sendParts(repository, upload, actions.upload);
      if (actions.verify !== undefined) await verify(repository, upload, actions.verify);
      return upload.byteLength;
    } catch (error) {
      const isRefused = error instanceof RefusalError && error.refusal.status < 500 &&
        error.refusal.status !== 429;
      if (!isRefused || round >= roundsMax) throw error;
    }
  }
}

/** As many parts as the storage itself allows. */
const partsMax = 10_000;

/** The SHA-256 of a file, which is its name at the Hub. */
export async function hashFile(
  path: string,
  signal?: AbortSignal,
): Promise<{ sha256: string; byteLength: number }> {
  const hash = builtin.crypto.createHash("sha256");
  let byteLength = 0;
  for await (const piece of builtin.fs.createReadStream(path, { highWaterMark: 1 << 20, signal })) {
    hash.update(piece);
    byteLength += piece.length;
  }
  return { sha256: hash.digest("hex"), byteLength };
}

async function askWhere(
  repository: HubRepository,
  { sha256, byteLength, target }: Upload,
): Promise<{ upload: Action; verify?: Action } | null> {
  const { client, url, action } = repository;
  const type = "application/vnd.git-lfs+json";
  const what = `where to upload ${target}`;
  const request = {
    url: `${url}.git/info/lfs/objects/batch`,
    headers: { "Accept": type, "Content-Type": type },
    action,
    what,
  };
  const answer = await client.post(request, {
    operation: "upload",
    transfers: ["basic", "multipart"],
    hash_algo: "sha256",
    objects: [{ oid: sha256, size: byteLength }],
  }) as { objects?: (BatchObject | null)[] } | null;
  const objects = answer?.objects;
  const object = Array.isArray(objects) ? objects.find((each) => each?.oid === sha256) : undefined;
  if (object?.error) {
    throw new StreamStoreError(
      "input-output",
      clean(
        `Cannot ${action}: ${target} was refused, "${object.error.message}"`.slice(0, 500),
        client.settings,
      ),
    );
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

async function sendWhole(repository: HubRepository, upload: Upload, { href, header }: Action): Promise<void> {
  const { target, byteLength } = upload;
  const range = { path: upload.path, start: 0, end: byteLength };
  await sendFile(repository, {
    url: href,
    headers: header,
    range,
    target,
    onBytes: progressOf(repository, upload, 0),
  });
}

/** The parts' addresses stand among the headers, by number from 1. */
async function sendParts(
  repository: HubRepository,
  upload: Upload,
  { href, header = {} }: Action,
): Promise<void> {
  const { client, action } = repository;
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
    const range = { path: upload.path, start: i * partBytes, end: Math.min(byteLength, (i + 1) * partBytes) };
    const onBytes = progressOf(repository, upload, range.start);
    const headers = await sendFile(repository, { url: header[number], range, target, onBytes });
    const etag = headers.get("etag");
    if (etag === null) throw repository.notUnderstood(`the ETag of part ${number} of ${target}`);
    parts.push({ partNumber: Number(number), etag });
  }
  const type = "application/vnd.git-lfs+json";
  const headers = { "Accept": type, "Content-Type": type };
  const what = `the parts of ${target}`;
  await client.request(
    {
      url: href,
      method: "POST",
      headers,
      body: JSON.stringify({ oid: sha256, parts }),
      withToken: false,
      action,
      what,
    },
    (response) => response.text(),
  );
}

async function verify(
  { client, action }: HubRepository,
  { sha256, byteLength, target }: Upload,
  { href, header }: Action,
) {
  await client.request(
    {
      url: href,
      method: "POST",
      headers: { "Content-Type": "application/vnd.git-lfs+json", ...header },
      body: JSON.stringify({ oid: sha256, size: byteLength }),
      action,
      what: `whether ${target} arrived`,
    },
    (response) => response.text(),
  );
}

function progressOf({ client }: HubRepository, { target, byteLength }: Upload, from: number) {
  return (bytes: number) =>
    client.settings.onProgress({ kind: "upload", path: target, bytes: from + bytes, byteLength });
}
