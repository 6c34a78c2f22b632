/** Large files on their way in: the batch request says where to, the storage takes them and checks their hashes. */
import { createHash } from "node:crypto";
import { writable } from "./accounts.ts";
import {
  type Answer,
  concatenate,
  empty,
  HubError,
  type HubRequest,
  json,
  jsonBody,
  objectList,
} from "./exchange.ts";

/** Parts that have come in, by the path that they were put to. */
const parts = new WeakMap<HubRequest["hub"], Map<string, Uint8Array>>();

/** `POST /datasets/ID.git/info/lfs/objects/batch`. An object that is there already gets no actions. */
export function batch(request: HubRequest, id: string): Answer {
  const repository = writable(request, id);
  const body = jsonBody(request);
  const { operation, hash_algo = "sha256", transfers = ["basic"] } = body;
  if (operation !== "upload") throw new HubError(422, `Only uploads are supported, got ${operation}`);
  // Python says sha256, JavaScript sha_256.
  if (hash_algo !== "sha256" && hash_algo !== "sha_256") {
    throw new HubError(409, `Only sha256 is supported, got ${hash_algo}`);
  }
  if (!Array.isArray(transfers)) throw new HubError(422, '"transfers" must be a list');
  const list = objectList(body, "objects");
  const { multipartBytes } = request.hub.settings;
  const isMultipart = (size: number) => transfers.includes("multipart") && size > multipartBytes;
  const objects = list.map(({ oid, size }) => {
    if (typeof oid !== "string" || !/^[0-9a-f]{64}$/.test(oid)) {
      return { oid, size, error: { code: 422, message: `Invalid oid: ${oid}` } };
    }
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size <= 0) {
      return { oid, size, error: { code: 422, message: `Invalid size: ${size}` } };
    }
    if (repository.objects.has(oid)) return { oid, size };
    const upload = isMultipart(size)
      ? inParts(request, id, oid, size)
      : { href: link(request, "upload", id, oid, size) };
    const verify = { href: `${request.hub.endpoint}/datasets/${id}.git/info/lfs/objects/verify` };
    return { oid, size, authenticated: true, actions: { upload, verify } };
  });
  const transfer = list.some(({ size }) => isMultipart(size as number)) ? "multipart" : "basic";
  return json({ transfer, objects }, 200, { "Content-Type": "application/vnd.git-lfs+json" });
}

/** `PUT` of a whole object to the storage. */
export function putObject(request: HubRequest, id: string, oid: string, size: string): Answer {
  checkPut(request);
  store(request, { id, oid, size: Number(size) }, request.body);
  return empty(200, { "ETag": etag(request.body) });
}

/** `PUT` of one part to the storage. */
export function putPart(request: HubRequest): Answer {
  checkPut(request);
  partsOf(request.hub).set(request.url.pathname, request.body);
  return empty(200, { "ETag": etag(request.body) });
}

/** `POST /api/complete-multipart/ID/OID/SIZE` puts the parts together. The signature stands for the token here too. */
export function completeParts(request: HubRequest, id: string, oid: string, size: string): Answer {
  request.hub.checkSignature(request.url);
  const body = jsonBody(request);
  if (body.oid !== oid) throw new HubError(400, `Expected oid ${oid}, got ${body.oid}`);
  const listed = objectList(body, "parts");
  const count = Math.ceil(Number(size) / request.hub.settings.partBytes);
  if (listed.length !== count) throw new HubError(400, `Expected ${count} parts, got ${listed.length}`);
  const received = partsOf(request.hub);
  const pieces = listed.map(({ partNumber, etag: given }, index) => {
    const piece = received.get(`/part/${id}/${oid}/${size}/${index + 1}`);
    if (partNumber !== index + 1 || piece === undefined || given !== etag(piece)) {
      throw new HubError(400, `InvalidPart: part ${partNumber} with etag ${given}`);
    }
    return piece;
  });
  store(request, { id, oid, size: Number(size) }, concatenate(pieces));
  return json({ success: true });
}

/** `POST /datasets/ID.git/info/lfs/objects/verify`. */
export function verify(request: HubRequest, id: string): Answer {
  const repository = writable(request, id);
  const { oid, size } = jsonBody(request);
  const found = repository.objects.get(String(oid));
  if (found === undefined) throw new HubError(404, `Object ${oid} was not uploaded`);
  if (found.length !== size) throw new HubError(400, `Object ${oid} has ${found.length} bytes, not ${size}`);
  return json({ success: true });
}

/** S3's own conditions for a presigned `PUT`. */
function checkPut({ hub, headers, url }: HubRequest): void {
  if (headers.authorization !== undefined) {
    throw new HubError(400, "InvalidArgument: Only one auth mechanism allowed, got a signature and a token");
  }
  if (headers["transfer-encoding"] !== undefined) {
    throw new HubError(
      501,
      "NotImplemented: A body needs a Content-Length, Transfer-Encoding is not implemented",
    );
  }
  hub.checkSignature(url);
}

function store(
  { hub }: HubRequest,
  { id, oid, size }: { id: string; oid: string; size: number },
  content: Uint8Array,
): void {
  const found = createHash("sha256").update(content).digest("hex");
  if (content.length !== size) {
    throw new HubError(400, `BadDigest: Expected ${size} bytes, got ${content.length}`);
  }
  if (found !== oid) throw new HubError(400, `BadDigest: Expected SHA-256 ${oid}, got ${found}`);
  const repository = hub.repositories.get(id);
  if (repository === undefined) throw new HubError(404, "NoSuchBucket: The repository was deleted");
  repository.objects.set(oid, content);
}

/** Where to put each part, by number from 1, and where to say that all are there. */
function inParts(request: HubRequest, id: string, oid: string, size: number): unknown {
  const { endpoint, settings, storage } = request.hub;
  const header: Record<string, string> = { chunk_size: String(settings.partBytes) };
  for (let part = 1; (part - 1) * settings.partBytes < size; part++) {
    header[part] = request.hub.sign(new URL(`${storage}/part/${id}/${oid}/${size}/${part}`));
  }
  return {
    href: request.hub.sign(new URL(`${endpoint}/api/complete-multipart/${id}/${oid}/${size}`)),
    header,
  };
}

function link({ hub }: HubRequest, kind: string, id: string, oid: string, size: number): string {
  return hub.sign(new URL(`${hub.storage}/${kind}/${id}/${oid}/${size}`));
}

function partsOf(hub: HubRequest["hub"]): Map<string, Uint8Array> {
  let found = parts.get(hub);
  if (found === undefined) parts.set(hub, found = new Map());
  return found;
}

function etag(content: Uint8Array): string {
  return `"${createHash("md5").update(content).digest("hex")}"`;
}
