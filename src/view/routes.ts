/** All routes of the viewer: what is not in this table is not found. */
import { liveRoute } from "./live.ts";
import type { Route } from "./route.ts";
import { extraRoute } from "./routes/extra.ts";
import { findRoute } from "./routes/find.ts";
import { overviewRoute } from "./routes/overview.ts";
import { rowsRoute } from "./routes/rows.ts";
import { seriesRoute } from "./routes/series.ts";
import { storesRoute } from "./routes/stores.ts";

export const routes: readonly Route[] = [
  storesRoute,
  overviewRoute,
  liveRoute,
  rowsRoute,
  findRoute,
  extraRoute,
  seriesRoute,
];
