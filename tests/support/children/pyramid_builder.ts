/**
 * Builds the pyramid of a series again and again, writes it down and takes it away again, until it is killed; each line says
 * what its charts show.
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { openDirectory } from "../../../src/store/open.ts";
import { seriesLimits } from "../../../src/view/series/limits.ts";
import { PyramidFiles } from "../../../src/view/series/pyramid_files.ts";
import { Pyramids } from "../../../src/view/series/pyramids.ts";
import { tell } from "../../torture/tell.ts";

const { path, rows } = JSON.parse(process.argv[2]);
const { connection, fields } = openDirectory(path, { mode: "read", salvage: false });
for (let round = 0;; round++) {
  const limits = { ...seriesLimits, readRowsMax: 0, readValuesMax: 0, unsavedMin: 1 };
  const pyramids = new Pyramids(connection, fields, new PyramidFiles(connection, path, null), limits);
  const query = { series: ["value"], from: 0, to: rows, columns: 7 };
  pyramids.query(query);
  while (!pyramids.step()) continue;
  while (pyramids.saveOne(true)) continue;
  tell(JSON.stringify([...pyramids.query(query)!.values[0]]));
  if (round % 2 === 0) continue;
  for (const name of readdirSync(path)) {
    if (name.startsWith("series-")) rmSync(join(path, name), { force: true });
  }
}
