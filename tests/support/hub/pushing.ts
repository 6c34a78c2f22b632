/** What the tests of pushes share: a store as pushes see it, and what lies at the Hub afterwards. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { StreamStoreError } from "../../../mod.ts";
import { Card, findInfo } from "../../../src/dataset/hub/card/card.ts";
import { pushSplit } from "../../../src/dataset/hub/push/push.ts";
import type { HubSaveOptions, LocalShard, PushSource } from "../../../src/dataset/hub/types.ts";
import { type Hub, startHub } from "./server.ts";
import type { HubSettings } from "./state.ts";

export const features = { action: { dtype: "int64", _type: "Value" } };
export const retry = { attempts: 4, pauseSeconds: 0.001, timeoutSeconds: 5 };
export const shardRows = 100;

/** A store as pushes see it: its rows are 20 bytes each, in shards of 100 rows; their first byte says the version. */
export class FakeStore implements PushSource {
  static readonly directories: string[] = [];
  readonly directory = mkdtempSync(`${tmpdir()}/hub-push-`);
  readonly store = this;
  firstRow = 0;
  features: PushSource["features"] = features;
  lastRowTokens = 3;
  lastRowMarks = 0;
  written: [number, number][] = [];

  constructor(public rowCount: number, public version = 1) {
    FakeStore.directories.push(this.directory);
  }

  tokensBefore(row: number): number {
    return row === 0 ? 0 : 3 * (row - 1) + this.lastRowTokens;
  }

  marksOf(row: number): number {
    return row === this.rowCount - 1 ? this.lastRowMarks : 0;
  }

  async *writeShards(from: number, to: number): AsyncIterable<LocalShard> {
    this.written.push([from, to]);
    for (let start = from; start === from || start < to; start += shardRows) {
      const rowCount = Math.min(shardRows, to - start);
      const path = `${this.directory}/shard`;
      writeFileSync(path, this.bytes(start, start + rowCount));
      yield { path, rowCount, memoryBytes: 8 * rowCount };
      rmSync(path);
    }
  }

  bytes(from: number, to: number): Uint8Array {
    return new Uint8Array(20 * (to - from)).map((_, i) => i === 0 ? this.version : (from + i) % 256);
  }
}

export async function withHub(
  run: (
    hub: Hub,
    push: (store: FakeStore, options?: HubSaveOptions, split?: string) => ReturnType<typeof pushSplit>,
  ) => Promise<void>,
  settings: Partial<HubSettings> = {},
): Promise<void> {
  const hub = await startHub(settings);
  try {
    await run(
      hub,
      (store, options = {}, split = "train") =>
        pushSplit("user/name", split, store, { endpoint: hub.endpoint, token: hub.token, retry, ...options }),
    );
    assert.deepEqual(hub.faults.pending, []);
    assert.ok(
      hub.log.find({ host: "storage" }).every(({ hasToken }) => !hasToken),
      "a token went to the storage",
    );
    assert.deepEqual(
      hub.log.find({ host: "hub", path: "/complete-multipart/" }).filter(({ hasToken }) => hasToken),
      [],
    );
  } finally {
    await hub.close();
    for (const directory of FakeStore.directories.splice(0)) rmSync(directory, { recursive: true });
  }
}

export function dataPaths(hub: Hub): string[] {
  return hub.repository("user/name").paths().filter((path) => path.endsWith(".parquet"));
}

export function valuesOf(hub: Hub) {
  return new Card(hub.repository("user/name").readText("README.md")).values();
}

export function infoOf(hub: Hub, split = "train") {
  return findInfo(valuesOf(hub), "default")!.splits?.get(split);
}

export async function rejects(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof StreamStoreError, String(error));
    assert.match(error.message, message);
    assert.equal(error.code, code);
    assert.doesNotMatch(`${error.stack} ${error.cause}`, /hf_test|signature=/, "an error holds a secret");
    return true;
  });
}
