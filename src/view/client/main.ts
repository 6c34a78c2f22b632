/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** The page's program. */
import type { StoreSummary } from "../protocol.ts";
import { askServer } from "./api.ts";
import { element } from "./element.ts";
import { ViewPage } from "./page.ts";
import { startTheme } from "./theme.ts";

startTheme();
try {
  const stores: StoreSummary[] = await (await askServer("/api/stores", {})).json();
  new ViewPage(stores).start();
} catch (error) {
  document.body.append(element("p", "fatal", (error as Error).message));
}
