/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The screens of the page, in the order of their keys. */
import type { Screen } from "./screen.ts";
import { batches } from "./screens/batches.ts";
import { episodes } from "./screens/episodes.ts";
import { health } from "./screens/health.ts";
import { overview } from "./screens/overview.ts";
import { statistics } from "./screens/statistics.ts";
import { stream } from "./screens/stream.ts";
import { table } from "./screens/table.ts";

export const screens: readonly Screen[] = [
  overview,
  stream,
  episodes,
  table,
  batches,
  statistics,
  health,
];
