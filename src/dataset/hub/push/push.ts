import { shardNumber } from "../../files/shards.ts";
import { builtin } from "../../../native/builtin.ts";
import { StreamStoreError } from "../../../error.ts";
import { pathAdvice } from "../../dataset_name.ts";
import { pause } from "../../../pause.ts";
import { makeBranch, type NewShard, sendCommit } from "../repository/commit.ts";
import { HttpError } from "../http/failure.ts";
import { gitHash } from "../http/remote_file.ts";
import { hashFile, isLarge, uploadLarge } from "../repository/lfs.ts";
import { checkFeatures, folderOf, holds, planPush, type Push, sum } from "./plan.ts";
import { type PushRecord, PushRecords, type PushTarget } from "./record.ts";
import { HubRepository } from "../repository/repository.ts";
import { resolveSettings } from "../settings.ts";
import { readSnapshot, type Snapshot } from "../repository/snapshot.ts";
import type { HubSaveOptions, LocalShard, Pushed, PushSource } from "../types.ts";

/**
 * Makes the rows of a store a split of a repository: its shards and the README's front matter, in one commit. What
 * others commit meanwhile stays, whatever is not of this split.
 *
 * @throws {StreamStoreError} `permission-denied`, `fields-differ` where other splits have other columns, `diverged` where
 * an append has nothing to go on from, `input-output`.
 */
export async function pushSplit(
  id: string,
  split: string,
  source: PushSource,
  options: HubSaveOptions = {},
): Promise<Pushed> {
  const { revision: branch = "main", config = "default", append = false } = options;
  const settings = resolveSettings(options);
  const repository = new HubRepository(id, settings, `save ${id}`);
  if (settings.token === null) {
    const needed =
      "a token that may write must be given as the option token, in HF_TOKEN or by hf auth login";
    throw repository.refuse("permission-denied", needed + pathAdvice(id));
  }
  const target: PushTarget = { endpoint: settings.endpoint, repository: id, branch, config, split };
  const records = new PushRecords(source.directory, source.store);
  const read = (commit: string) => readSnapshot(repository, commit, { config, mayLackConfig: true });
  const snapshot = await read(await makeBranch(repository, branch, options.private));
  const after = append ? findBase(records.find(target), source, snapshot, target) : null;
  const { rowCount, features } = source;
  const newRows = rowCount - (after?.rows ?? source.firstRow);
  if (after !== null && newRows === 0) {
    records.settle(after);
    const shards = after.shards.map(({ path }) => path);
    return { commit: snapshot.commit, shards, newRows, uploadedBytes: 0 };
  }
  checkFeatures({ split, features, after }, snapshot, repository);
  const last = snapshot.files.find(({ path }) => path === after?.shards.at(-1)?.path);
  if (last !== undefined) await source.checkShard?.(repository.file(snapshot.commit, last));
  source.sync?.();
  const tokens = source.tokensBefore(rowCount);
  const written = source.writeShards(rowCount - newRows, rowCount);
  const { shards, uploadedBytes } = await uploadShards(repository, written, target);
  const push: Push = { config, split, features, shards, after, ...sizeOf(shards, after) };
  const action = after === null ? `Upload ${split}` : `Append ${newRows} rows to ${split}`;
  const lastRowMarks = rowCount > source.firstRow ? source.marksOf(rowCount - 1) : undefined;
  const record = { ...target, rows: rowCount, tokens, lastRowMarks };
  const summary = options.commitMessage ?? action;
  const done = await commitPush(repository, push, { snapshot, read, records, record, summary });
  return { ...done, newRows, uploadedBytes };
}

/** Commits on top of what is there, again where others have committed meanwhile; nothing where all is there already. */
async function commitPush(
  repository: HubRepository,
  push: Push,
  { snapshot, read, records, record, summary }: {
    snapshot: Snapshot;
    read: (commit: string) => Promise<Snapshot>;
    records: PushRecords;
    record: Omit<PushRecord, "remoteRows" | "memoryBytes" | "shards">;
    summary: string;
  },
): Promise<Pick<Pushed, "commit" | "shards">> {
  const { retry, signal } = repository.client.settings;
  const { after, remoteRows, memoryBytes } = push;
  const { branch } = record;
  for (let round = 1;; round++) {
    const { operations, shards } = planPush(push, snapshot, repository);
    const next: PushRecord = { ...record, remoteRows, memoryBytes, shards };
    const done = (commit: string) => {
      records.settle(next);
      return { commit, shards: shards.map(({ path }) => path) };
    };
    if (operations.length === 0) return done(snapshot.commit);
    if (after !== null && !holds(after, snapshot) && !holds(next, snapshot)) {
      throw diverged(record, snapshot, "changed");
    }
    records.add(next);
    try {
      return done(await sendCommit(repository, operations, { branch, parent: snapshot.commit, summary }));
    } catch (error) {
      const isConflict = error instanceof HttpError && [409, 412].includes(error.answer.status);
      if (!isConflict || round >= retry.attempts) throw error;
    }
    // Someone else's commit, or our own whose answer was lost: what is there now is looked at anew.
    await pause(1000 * retry.pauseSeconds * Math.random(), signal);
    snapshot = await read(await repository.commitOf(branch));
  }
}

/** What the split has then. */
function sizeOf(
  shards: readonly NewShard[],
  after: PushRecord | null,
): Pick<Push, "remoteRows" | "memoryBytes"> {
  const before = after === null ? 0 : after.memoryBytes;
  return {
    remoteRows: (after?.remoteRows ?? 0) + sum(shards.map(({ rowCount }) => rowCount)),
    memoryBytes: before === null ? null : before + sum(shards.map(({ memoryBytes }) => memoryBytes)),
  };
}

/** The last push to the split, or null where there is no such split; whatever else is there is not ours to add to. */
function findBase(
  known: readonly PushRecord[],
  source: PushSource,
  snapshot: Snapshot,
  target: PushTarget,
): PushRecord | null {
  const { split } = target;
  const record = known.find((candidate) => holds(candidate, snapshot));
  if (record === undefined) {
    if ((snapshot.splits.get(split)?.length ?? 0) === 0 && known.length === 0) return null;
    throw diverged(target, snapshot, known.length === 0 ? "unknown" : "changed");
  }
  const { firstRow, rowCount } = source;
  const problem = record.rows > rowCount
    ? `at least ${record.rows} rows, got ${rowCount}`
    : record.rows < firstRow
    ? `all rows from ${record.rows} on, but those before ${firstRow} were dropped`
    : hasGrown(record, source)
    ? `the ${record.rows} rows that were pushed, but the last of them has grown since`
    : null;
  if (problem === null) return record;
  throw new StreamStoreError(
    "diverged",
    `Cannot append to ${target.repository}: the store must have ${problem}; save without append to replace ${split}`,
  );
}

/** Whether the last row that was pushed has got fields since, which no other row can. */
function hasGrown({ rows, tokens, lastRowMarks: marks }: PushRecord, source: PushSource): boolean {
  return source.tokensBefore(rows) !== tokens ||
    (marks !== undefined && rows > source.firstRow && source.marksOf(rows - 1) !== marks);
}

function diverged(
  { repository, split, branch }: PushTarget,
  { commit }: Snapshot,
  how: "changed" | "unknown",
): Error {
  const what = how === "changed"
    ? `must be as this store's last push left it, but ${branch} has it changed by others at ${
      commit.slice(0, 8)
    }`
    : `must have been pushed or loaded by this store, but it was not`;
  return new StreamStoreError(
    "diverged",
    `Cannot append to ${repository}: split ${split} ${what}; load it anew, or save without append to replace it`,
  );
}

async function uploadShards(
  repository: HubRepository,
  shards: AsyncIterable<LocalShard>,
  { branch, config, split }: PushTarget,
): Promise<{ shards: NewShard[]; uploadedBytes: number }> {
  const uploaded: NewShard[] = [];
  let uploadedBytes = 0;
  for await (const { path, rowCount, memoryBytes } of shards) {
    const { sha256, byteLength, sample } = await hashFile(path, repository.client.settings.signal);
    // How many there will be is known at the end; how a file is taken hangs on the rest of its name.
    const name = `${folderOf(config)}/${split}-${shardNumber(uploaded.length)}.parquet`;
    const sizes = { byteLength, rowCount, memoryBytes };
    if (await isLarge(repository, branch, { path: name, size: byteLength, sample })) {
      uploadedBytes += await uploadLarge(repository, { path, target: name, byteLength, sha256 });
      uploaded.push({ id: sha256, ...sizes, content: null });
    } else {
      const content = builtin.fs.readFileSync(path);
      uploadedBytes += byteLength;
      uploaded.push({ id: gitHash(content), ...sizes, content });
    }
  }
  return { shards: uploaded, uploadedBytes };
}
