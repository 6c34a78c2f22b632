/** Rows with a text of 200 bytes beside them, saved as Parquet and loaded, in turn with pyarrow. */
import { join } from "node:path";
import { StreamStore } from "../../mod.ts";
import type { Child } from "../harness/children.ts";
import { compare, elapsedUntil, prove } from "../harness/harness.ts";
import { type Measurement, measurementOf, milliseconds } from "../harness/measurement.ts";
import type { Sizes } from "../harness/sizes.ts";

const textBytes = 200;
/** Letters that texts are cut out of, so that none is like its neighbours: the same in bench/peers/dataset_files.py. */
const letterCount = 100_003;

const names = ["saveDataset", "loadDataset"] as const;
const goal = { ratioMax: 3 };

/** What is not measured where there is no Python. */
export function textCases(sizes: Sizes): string[] {
  const rows = sizes.rows.toLocaleString("en");
  return names.map((name) => `${name} of ${rows} rows with a text of ${textBytes} bytes, beside pyarrow`);
}

/** The child answers to "write text" and "read text". */
export async function textBesidePyarrow(sizes: Sizes, child: Child, folder: string): Promise<Measurement[]> {
  const fields = { action: 0 } as const;
  const extra = { prompt: "string" } as const;
  const letters = lettersOf(letterCount + textBytes);
  const textAt = (row: number) => letters.slice(row * 7 % letterCount, row * 7 % letterCount + textBytes);
  using store = new StreamStore(fields, { extra });
  for (let row = 0; row < sizes.rows; row++) store.append(row, { action: row & 3 }, { prompt: textAt(row) });
  const path = join(folder, "text.parquet");
  const save = await compare(
    sizes.longRounds,
    () => elapsedUntil(() => store.saveDataset(path)),
    async () => Number(await child.ask("write text")),
  );
  const load = await compare(sizes.longRounds, async () => {
    using loaded = new StreamStore(fields, { extra });
    const time = await elapsedUntil(() => loaded.loadDataset(path));
    prove("loadDataset", Number(loaded.extra("prompt").get(sizes.rows - 1) === textAt(sizes.rows - 1)), 1);
    return time;
  }, async () => Number(await child.ask("read text")));
  const [saving, loading] = textCases(sizes);
  return [
    measurementOf(saving, milliseconds, save, { limit: "pyarrow alone, from a table", goal }),
    measurementOf(loading, milliseconds, load, { limit: "pyarrow alone, into a table", goal }),
  ];
}

function lettersOf(count: number): string {
  let [state, text] = [1, ""];
  for (let i = 0; i < count; i++) {
    state = state * 16_807 % 2_147_483_647;
    text += String.fromCharCode(97 + state % 26);
  }
  return text;
}
