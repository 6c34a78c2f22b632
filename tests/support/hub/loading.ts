/** What tests of downloads share: a Hub with one large file, and a split opened there. */
import assert from "node:assert/strict";
import { StreamStoreError } from "../../../mod.ts";
import { openSplit } from "../../../src/dataset/hub/load.ts";
import type { HubFile } from "../../../src/dataset/hub/http/remote_file.ts";
import type { HubLoadOptions } from "../../../src/dataset/hub/types.ts";
import { withHub as withAnyHub } from "./calls.ts";
import type { Hub } from "./server.ts";
import type { HubSettings } from "./state.ts";

export const large = new Uint8Array(3_000_000).map((_, index) => (index * 7 + (index >> 8)) % 251);
export const path = "data/train-00000-of-00001.parquet";
export const files = { [path]: large };
export const retry = { attempts: 4, pauseSeconds: 0.001, timeoutSeconds: 5 };

/** With a Hub that meets all the faults that were prepared, and sees no token where none must go. */
export async function withHub(
  run: (hub: Hub) => Promise<void>,
  settings: Partial<HubSettings> = {},
): Promise<void> {
  await withAnyHub(async (hub) => {
    await run(hub);
    assert.deepEqual(hub.faults.pending, []);
    assert.ok(
      hub.log.find({ host: "storage" }).every(({ hasToken }) => !hasToken),
      "a token went to the storage",
    );
  }, settings);
}

export async function open(hub: Hub, options: HubLoadOptions = {}, id = "user/name") {
  return await openSplit(id, "train", { endpoint: hub.endpoint, token: hub.token, retry, ...options });
}

export async function openFile(hub: Hub, options: HubLoadOptions = {}): Promise<HubFile> {
  hub.createRepository("user/name", { files });
  return (await open(hub, options)).files[0];
}

export async function read(file: HubFile, start: number, end?: number): Promise<void> {
  assert.deepEqual(new Uint8Array(await file.slice(start, end)), large.slice(start, end));
}

export async function rejects(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof StreamStoreError, String(error));
    assert.match(error.message, message);
    assert.equal(error.code, code);
    const text = `${error.stack} ${error.cause} ${JSON.stringify(error)}`;
    assert.doesNotMatch(text, /hf_test|signature=/, "an error holds a secret");
    return true;
  });
}
