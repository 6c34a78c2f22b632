import type { EpisodeRows } from "./episode_rows.ts";

/** A file of a dataset, and the episodes that are in it: those from `from` to before `to`. */
export interface PlannedFile {
  readonly chunk: number;
  readonly file: number;
  /** Below its own folder: `chunk-000/file-000.parquet`. */
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** Shares episodes out over files, each with as many as fit into so many bytes and at least one. */
export function planFiles(
  episodes: EpisodeRows,
  bytesOf: (episode: number) => number,
  { fileBytes, chunkFiles }: { readonly fileBytes: number; readonly chunkFiles: number },
): PlannedFile[] {
  const files: PlannedFile[] = [];
  for (let from = 0; from < episodes.count;) {
    let [to, bytes] = [from + 1, bytesOf(from)];
    while (to < episodes.count && (bytes += bytesOf(to)) <= fileBytes) to++;
    const [chunk, file] = [Math.floor(files.length / chunkFiles), files.length % chunkFiles];
    files.push({ chunk, file, path: `chunk-${pad(chunk)}/file-${pad(file)}.parquet`, from, to });
    from = to;
  }
  return files;
}

function pad(number: number): string {
  return String(number).padStart(3, "0");
}
