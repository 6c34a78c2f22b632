/** All routes of the viewer: what is not in this table is not found. */
import { liveRoute } from "./live.ts";
import type { Route } from "./route.ts";
import { batchRoute } from "./routes/batch.ts";
import { curveRoute } from "./routes/curve.ts";
import { episodesRoute } from "./routes/episodes.ts";
import { extraRoute } from "./routes/extra.ts";
import { findRoute } from "./routes/find.ts";
import { flaggedRoute } from "./routes/flagged.ts";
import { flagRoute, flagsRoute } from "./routes/flag.ts";
import { healthRoute } from "./routes/health.ts";
import { overviewRoute } from "./routes/overview.ts";
import { rowsRoute } from "./routes/rows.ts";
import { seriesRoute } from "./routes/series.ts";
import { statisticsRoute } from "./routes/statistics.ts";
import { storesRoute } from "./routes/stores.ts";

export const routes: readonly Route[] = [
  storesRoute,
  overviewRoute,
  liveRoute,
  rowsRoute,
  findRoute,
  extraRoute,
  seriesRoute,
  batchRoute,
  episodesRoute,
  curveRoute,
  flagRoute,
  flagsRoute,
  flaggedRoute,
  statisticsRoute,
  healthRoute,
];
