/** Columns of images and text for datasets of LeRobot. */
import { type Data, Utf8 } from "apache-arrow";
import { mediaData, plainData } from "../../dataset/extras/columns.ts";
import { rowsOf, tasks } from "./datasets.ts";

export const wrist = "observation.images.wrist";

/** An image's bytes, which nobody decodes: of any length, with bytes of every value. */
export function imageAt(row: number): Uint8Array {
  return Uint8Array.from({ length: (row * 37) % 200 }, (_, i) => (row + 7 * i) % 256);
}

export function instructionAt(row: number): string {
  return ["", "Gr\u00fc\u00dfe \u{1f600}", "\0", "go on"][row % 4] + row;
}

export function taskAt(row: number, lengths: readonly number[]): string {
  return tasks[Number(rowsOf(lengths)[row].task_index)];
}

/** As LeRobot writes them: a struct of bytes and the path that they once had. */
export function frameColumns(from: number, to: number): Record<string, Data> {
  const rows = Array.from({ length: to - from }, (_, i) => from + i);
  return {
    [wrist]: mediaData(rows.map(imageAt), rows.map((row) => `frame-${row}.png`)),
    instruction: plainData(new Utf8(), rows.map(instructionAt)),
  };
}
