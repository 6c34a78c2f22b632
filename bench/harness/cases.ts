/** All cases, by the name that `--only` takes. */
import { append } from "../cases/append.ts";
import { cli } from "../cases/cli.ts";
import { columns } from "../cases/columns.ts";
import { dataset } from "../cases/dataset.ts";
import { extras } from "../cases/extras.ts";
import { gather } from "../cases/gather.ts";
import { halfDropped } from "../cases/growth_dropped.ts";
import { growthByRows } from "../cases/growth_rows.ts";
import { growthByStores } from "../cases/growth_stores.ts";
import { collector, memory, start } from "../cases/processes.ts";
import { lag } from "../cases/lag.ts";
import { many } from "../cases/many.ts";
import { reads } from "../cases/reads.ts";
import { prefetch } from "../cases/prefetch.ts";
import { replicate } from "../cases/replicate.ts";
import { episodes, sampler } from "../cases/sampler.ts";
import { size } from "../cases/size.ts";
import { view } from "../cases/view.ts";
import { viewCharts } from "../cases/view_charts.ts";
import { viewPage } from "../cases/view_page.ts";
import { window } from "../cases/window.ts";
import { windows } from "../cases/windows.ts";
import type { Measurement } from "./measurement.ts";
import type { Sizes } from "./sizes.ts";

/** A case that takes minutes shows what it has found, as it goes on. */
export type Case = (sizes: Sizes, show?: (found: Measurement) => void) => Promise<Measurement[]>;

/** What writes tens of gigabytes comes last: the disk is busy for a while after it. */
export const cases: Readonly<Record<string, Case>> = {
  append,
  extras,
  columns,
  window,
  gather,
  reads,
  sampler,
  prefetch,
  episodes,
  windows,
  many,
  dataset,
  size,
  start,
  cli,
  lag,
  replicate,
  view: async (sizes) => [...await view(sizes), ...await viewCharts(sizes), ...await viewPage(sizes)],
  collector,
  memory,
};

/** How cost grows, which takes as long as all others and 20 GB of disk: what `--large` measures. */
export const growthCases: Readonly<Record<string, Case>> = {
  "growth-stores": growthByStores,
  "growth-rows": growthByRows,
  "growth-dropped": halfDropped,
};
