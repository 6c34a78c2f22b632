import { StreamStore } from "../../mod.ts";
import { withDirectory } from "../torture/scratch.ts";

export const fields = { a: 0, b: 1 };
export type Store = StreamStore<typeof fields>;

/** Opens a writer and a reader of a new store. */
export async function withPair(
  options: Parameters<typeof StreamStore.open>[1],
  use: (writer: Store, reader: Store, path: string) => void | Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    using writer = StreamStore.open(path, { ...options, fields }) as Store;
    using reader = StreamStore.open(path, { mode: "read" }) as Store;
    await use(writer, reader, path);
  });
}
