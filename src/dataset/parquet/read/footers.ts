import type { ByteSource } from "../../files/byte_source.ts";
import { readFooter } from "./footer.ts";
import type { Metadata } from "./metadata.ts";

/** Column chunks that are remembered of all files together; each takes some 400 bytes. */
const chunksMax = 250_000;

/** What footers have said, of files that are read more than once: fetching one from afar takes half a megabyte. */
export class Footers {
  readonly #known = new Map<string, Metadata>();
  #chunksLeft = chunksMax;

  async read(source: ByteSource): Promise<Metadata> {
    const known = this.#known.get(source.path);
    if (known !== undefined) return known;
    const metadata = await readFooter(source);
    const chunkCount = metadata.groups.reduce((sum, { chunks }) => sum + chunks.size, 0);
    if (chunkCount <= this.#chunksLeft) {
      this.#chunksLeft -= chunkCount;
      this.#known.set(source.path, metadata);
    }
    return metadata;
  }
}
