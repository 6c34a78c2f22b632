import { Field, Float64, Int64, List, Table, vectorFromArray } from "apache-arrow";
import { contentOf, type Widths } from "./content.ts";

/** Steps `[from, to)`, as `fromDataset` takes them. */
export function tableOf(from: number, to: number, widths: Widths): Table {
  const steps = Array.from({ length: to - from }, (_, i) => from + i);
  const contents = steps.map((step) => contentOf(step, widths));
  const list = new List(new Field("item", new Float64(), true));
  return new Table({
    step: vectorFromArray(steps.map(BigInt), new Int64()),
    action: vectorFromArray(contents.map(({ action }) => action), new Float64()),
    observation: vectorFromArray(contents.map(({ observation }) => observation), list),
    sum: vectorFromArray(contents.map(({ sum }) => sum), new Float64()),
  });
}
