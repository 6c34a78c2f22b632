import { Field, Float64, Int64, List, Table, vectorFromArray } from "apache-arrow";
import { contentOf, type Widths } from "./content.ts";

/** Steps `[from, to)`, as `fromDataset` takes them. */
export function tableOf(from: number, to: number, widths: Widths): Table {
  const steps = Array.from({ length: to - from }, (_, i) => from + i);
  const contents = steps.map((step) => contentOf(step, widths));
  const list = new List(new Field("item", new Float64(), true));
  const step = vectorFromArray(steps.map(BigInt), new Int64());
  const observation = vectorFromArray(contents.map(({ observation }) => observation), list);
  if (widths === "single") return new Table({ step, observation });
  return new Table({
    step,
    action: vectorFromArray(contents.map(({ action }) => action), new Float64()),
    observation,
    sum: vectorFromArray(contents.map(({ sum }) => sum), new Float64()),
  });
}
