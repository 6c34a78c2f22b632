/** The disk of a follower's replicas is full: it ends, says why, and goes on where there is room again. */
import type { Cluster } from "../cluster.ts";
import type { Count } from "../kill_some.ts";
import { isSettled } from "../settled.ts";

export async function fullDisk(cluster: Cluster, milliseconds: number, count: Count): Promise<boolean> {
  const { disk } = cluster;
  const [follower] = cluster.partsOf("follower");
  if (typeof disk === "string" || follower.isHeld) return false;
  let isMet = false;
  await follower.hold(async () => {
    disk.fill();
    try {
      // Once more where it is begun again without room.
      const end = performance.now() + milliseconds;
      for (let times = 0; times < 2 && performance.now() < end; times++) {
        if (!await isSettled(follower.ended(), end - performance.now())) return;
        isMet = true;
        count("followers ended by a full disk", 1);
        follower.start();
      }
    } finally {
      disk.makeRoom();
    }
  }, /no space is left on the disk/);
  return isMet;
}
