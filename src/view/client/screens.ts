/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The screens of the page, in the order of their keys. */
import type { Screen } from "./screen.ts";
import { batches } from "./screens/batches.ts";
import { overview } from "./screens/overview.ts";

export const screens: readonly Screen[] = [overview, batches];
