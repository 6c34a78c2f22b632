import type { Feature } from "../../mod.ts";
import type { Store, Task } from "./layout.ts";
import type { Plan } from "./train.ts";

/** Collected data, whatever it came from: all that the rest of the demo works with. */
export interface Source {
  readonly store: Store;
  /** Field name → type ID, as the store was made with. */
  readonly fields: Record<string, number>;
  /** Field name → HuggingFace feature, where the store does not know it from what it was loaded from. */
  readonly features: Record<string, Feature>;
  readonly task: Task;
  readonly plan: Plan;
  /** What the data is, and how long collecting it took with all that belonged to it. */
  readonly collected: { readonly name: string; readonly including: string; readonly milliseconds: number };
}
