/** Makes what the tests with Ray read: `stores.ts <directory>`. Two sealed stores, and one of them as Parquet shards. */
import process from "node:process";
import { StreamStore } from "../../mod.ts";
import { Random } from "../support/support.ts";

const [directory] = process.argv.slice(2);

/** Episodes of 1 to 60 rows, and a reward that is linear in the observation. The last episode has no end. */
async function write(name: string, rowCount: number, seed: number): Promise<void> {
  const fields = { observation: "float32", reward: "float32", row: "int64", done: "bool" } as const;
  using store = StreamStore.open(`${directory}/${name}.stream`, { fields });
  const random = new Random(seed);
  let left = 1 + random.below(60);
  for (let row = 0; row < rowCount; row++) {
    const observation = [random.float() - 0.5, random.float() - 0.5];
    const reward = 2 * observation[0] - observation[1];
    if (--left < 0) left = random.below(60);
    store.append(row, { observation, reward, row, done: left === 0 });
  }
  await store.saveDataset(`${directory}/${name}`, "train", { format: "parquet", shardBytes: 20_000 });
  store.seal();
}

await write("first", 9_000, 1);
await write("second", 4_000, 2);
