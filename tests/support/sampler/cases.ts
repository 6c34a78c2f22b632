/** The combinations of options that samplers are compared with the oracle for. */
import type { Random } from "../support.ts";
import type { Model } from "./model.ts";
import { type Boundary, type EpisodeRule, type Form, type Rule, widestRow } from "./oracle.ts";
import type { ValueDtype } from "./rounding.ts";
import { type Dtypes, wide } from "./widths.ts";

export const boundaries: readonly Boundary[] = ["within", "pad-left", "pad-right", "cross"];
export const outputs = ["tokens", "rows", "fields"] as const;
export type Output = typeof outputs[number];
export const dtypes: readonly ValueDtype[] = ["float32", "float64", "float16", "bfloat16"];

/** Every way to tell episodes apart that the fields allow. */
export function episodeRules(
  random: Random,
  rows: number,
  dtypes: Dtypes = wide,
): (EpisodeRule | undefined)[] {
  const starts = Array.from({ length: rows }, (_, row) => row).filter(() => random.below(6) === 0);
  const byFields: EpisodeRule[] = [{ end: "terminated" }, { end: ["truncated", "terminated"] }, {
    id: "episode",
  }];
  return [undefined, ...("episode" in dtypes ? byFields : []), { starts }, "rows"];
}

/** Options that do not decide which windows are valid: the sampler's, and the same for the oracle. */
export interface Case {
  readonly rule: Rule;
  readonly form: Form;
  /** For `store.sampler`, without order, batch size and seed. */
  readonly options: Record<string, unknown>;
}

const denseWidths = { observation: 3, code: 1, action: 2 } as const;
const moments = { mean: 0.5, standardDeviation: 3 };

/** A case of an output, a boundary and episodes; the rest is drawn. */
export function drawCase(
  random: Random,
  model: Model,
  output: Output,
  boundary: Boundary,
  episodes: EpisodeRule | undefined,
): Case {
  const unit = output === "tokens" ? "tokens" : "steps";
  const length = 1 + random.below(unit === "tokens" ? 12 : 5);
  const stride = [1, 1, 2, 3, 7][random.below(5)];
  const dtype = dtypes[random.below(dtypes.length)];
  const steps = (["int64", "float64", null] as const)[random.below(3)];
  const truncate = random.below(2) === 0;
  const cut = output === "rows" && truncate ? 1 + random.below(9) : null;
  const width = output === "tokens" ? length : cut ?? length * widestRow(model);
  const normalized = "reward" in model.dtypes ? { reward: moments } : { observation: moments };
  const normalize = random.below(2) === 0 ? {} : normalized;
  const hasTypes = output !== "fields" && random.below(2) === 0;
  const between = random.below(3) > 0 ? undefined : drawBetween(random, model);
  const options = {
    ...(between === undefined ? {} : { between }),
    ...(unit === "tokens" ? { tokens: length } : { steps: length }),
    ...(output === "fields" ? { fields: keptOf(denseWidths, model) } : {}),
    ...(cut === null ? {} : { tokens: cut }),
    ...(episodes === undefined ? {} : { episodes }),
    ...(random.below(2) === 0 ? {} : { normalize }),
    boundary,
    stride,
    truncate,
    output: output === "fields"
      ? { values: dtype, steps }
      : { values: dtype, steps, types: hasTypes ? "int32" : null },
  };
  const used = "normalize" in options ? normalize : {};
  return {
    rule: { unit, length, stride, boundary, episodes, between },
    form: { width, truncate, dtype, moments: used },
    options,
  };
}

/** About half of the rows, and now and then none. */
function drawBetween(random: Random, { rows }: Model): Rule["between"] {
  const at = (place: number) => Number(rows[place]?.step ?? 0n) + random.below(3) - 1;
  const from = at(random.below(Math.ceil(rows.length / 2)));
  const to = at(random.below(rows.length));
  return { steps: [from, to > from ? to : random.below(4) === 0 ? from + 1 : Infinity] };
}

/** What is said of fields that the store has. */
function keptOf<Said extends object>(said: Said, { dtypes }: Model): Partial<Said> {
  return Object.fromEntries(Object.entries(said).filter(([name]) => name in dtypes)) as Partial<Said>;
}

/** A case of everything at random. */
export function drawAnyCase(random: Random, model: Model): Case {
  const rules = episodeRules(random, model.rows.length, model.dtypes);
  return drawCase(
    random,
    model,
    outputs[random.below(outputs.length)],
    boundaries[random.below(boundaries.length)],
    rules[random.below(rules.length)],
  );
}
