/**
 * A second sender of the same store, from a copy of it: as a backup that is brought back while the original runs. One of
 * the two is refused and says so, and what the copy has sent is no harm.
 */
import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Child } from "../../child.ts";
import type { Cluster } from "../cluster.ts";
import { isSettled } from "../settled.ts";

const refused = /another sender sends to it|it is an older copy/;
let copies = 0;

export async function outboxCopied(cluster: Cluster, milliseconds: number): Promise<boolean> {
  const index = cluster.random.below(cluster.options.collectors);
  const [collector, sender] = (["collector", "sender"] as const).map((role) => cluster.partsOf(role)[index]);
  if (collector.isHeld || sender.isHeld) return false;
  const copy = join(cluster.options.folder, `copy-${copies++}.stream`);
  await collector.hold(async () => {
    await collector.told();
    await collector.kill();
    cpSync(cluster.store(index), copy, { recursive: true });
  });
  let isRefused = false;
  await sender.hold(async () => {
    // It may be the only one for a while.
    if (cluster.random.below(2) === 0) await sender.kill();
    const second = () => new Child("cluster/sender.ts", cluster.senderRequest(index, copy));
    let child = second();
    const end = performance.now() + milliseconds;
    await isSettled(child.exited, Math.min(500, milliseconds / 8));
    sender.start();
    await isSettled(Promise.race([child.exited, sender.told()]), milliseconds / 4);
    // Begun again it meets what the original has sent since.
    await child.kill();
    if (!child.errors) child = second();
    // Or the original is, where the copy was faster.
    isRefused = await isSettled(Promise.race([child.exited, sender.ended()]), end - performance.now());
    await child.kill();
    if (child.errors) assert.match(child.errors, refused);
  }, refused);
  rmSync(copy, { recursive: true });
  return isRefused;
}
