/** What happens to a cluster besides kills, by the names under which it can be asked for alone. */
import { pause } from "../../../../src/pause.ts";
import type { Cluster } from "../cluster.ts";
import type { Count } from "../kill_some.ts";
import { outboxCopied } from "./copied_outbox.ts";
import { fullDisk } from "./full_disk.ts";
import { networkCut, networkSlow } from "./network.ts";
import { logOverrun } from "./overrun.ts";
import { rolledBack, wiped } from "./rolled_back.ts";
import { processStopped, serverStopped } from "./stopped.ts";

interface Fault {
  /** For how long, in milliseconds, at most. */
  readonly milliseconds: number;
  /** Returns whether it could. */
  readonly happen: (cluster: Cluster, milliseconds: number, count: Count) => Promise<boolean>;
}

export const faults: Readonly<Record<string, Fault>> = {
  "process-stopped": { milliseconds: 30_000, happen: processStopped },
  "server-stopped": { milliseconds: 30_000, happen: serverStopped },
  "network-cut": { milliseconds: 6000, happen: networkCut },
  "network-slow": { milliseconds: 6000, happen: networkSlow },
  "full-disk": { milliseconds: 8000, happen: fullDisk },
  "rolled-back": { milliseconds: 20_000, happen: rolledBack },
  "wiped": { milliseconds: 0, happen: wiped },
  "copied-outbox": { milliseconds: 12_000, happen: outboxCopied },
  "overrun": { milliseconds: 2000, happen: logOverrun },
};

/** Has some of them happen until a moment of `performance.now()`, three at a time, or one again and again. */
export async function disturb(
  cluster: Cluster,
  end: number,
  count: Count,
  names: readonly string[],
): Promise<void> {
  const { random } = cluster;
  const lane = async () => {
    while (performance.now() < end) {
      await pause(2000 * random.float());
      cluster.throwFailure();
      const name = names[random.below(names.length)];
      const { milliseconds, happen } = faults[name];
      const rest = Math.max(0, end - performance.now());
      if (await happen(cluster, Math.min(milliseconds, rest), count)) count(name, 1);
    }
  };
  await Promise.all(names.slice(0, 3).map(lane));
}
