/** The network between clients and one of the servers, or all. */
import { pause } from "../../../../src/pause.ts";
import type { Cluster } from "../cluster.ts";
import type { Proxy } from "../proxy.ts";

/** Nothing arrives, and nobody is told; then what was on its way does arrive, or everybody has to connect again. */
export async function networkCut(cluster: Cluster, milliseconds: number): Promise<boolean> {
  const proxies = someOf(cluster);
  for (const proxy of proxies) proxy.cut();
  await pause(milliseconds);
  for (const proxy of proxies) {
    if (cluster.random.below(2) === 0) proxy.reset();
    proxy.mend();
  }
  return true;
}

/** What arrives comes late, in pieces. */
export async function networkSlow(cluster: Cluster, milliseconds: number): Promise<boolean> {
  const proxies = someOf(cluster);
  const delay = 10 + cluster.random.below(200);
  for (const proxy of proxies) proxy.delay = delay;
  await pause(milliseconds);
  for (const proxy of proxies) proxy.delay = 0;
  return true;
}

function someOf({ proxies, random }: Cluster): readonly Proxy[] {
  return random.below(2) === 0 ? proxies : [proxies[random.below(proxies.length)]];
}
