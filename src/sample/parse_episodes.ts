/** Reads how episodes are to be told apart, and checks it. */
import { describe, type Field } from "../fields.ts";
import { episodeFieldsMax } from "../native/abi.ts";
import type { Indices } from "../read/gather.ts";
import { isList, readElements } from "../typed_array.ts";
import type { Checks } from "./checks.ts";
import type { EpisodeRule } from "./options.ts";
import type { EnvironmentPlan, EpisodePlan, SamplerPlan, WindowPlan } from "./plan.ts";

/** The rule is read once; without one the whole stream is an episode. */
export function parseEpisodes(
  rule: EpisodeRule | undefined,
  fields: readonly Field[],
  check: Checks,
): EpisodePlan {
  if (rule === undefined) return { kind: "none" };
  if (rule === "rows") return { kind: rule };
  if (typeof rule !== "object" || rule === null || isList(rule)) {
    throw new TypeError(`${check.action}: episodes must be "rows" or an object, got ${describe(rule)}`);
  }
  const keys = Object.keys(rule);
  const [kind, ...others] = keys.filter((key) => key !== "sessions" && key !== "environment");
  const isOfEnd = "sessions" in rule || "environment" in rule;
  if (others.length > 0 || !["end", "id", "starts"].includes(kind) || (isOfEnd && kind !== "end")) {
    throw new TypeError(
      `${check.action}: episodes must be "rows" or one of { end, sessions, environment }, { id } and { starts }, got { ${
        keys.join(", ")
      } }`,
    );
  }
  if ("starts" in rule) return { kind: "starts", starts: parseStarts(rule.starts, check) };
  if ("id" in rule) return { kind: "id", fields: [check.field("episodes.id", rule.id, fields)] };
  return parseEnd(rule, fields, check);
}

function parseEnd(
  { end, sessions, environment }: Extract<EpisodeRule, { readonly end: unknown }>,
  fields: readonly Field[],
  check: Checks,
): EpisodePlan {
  const names = Array.isArray(end) ? end : [end];
  if (names.length === 0) throw new RangeError(`${check.action}: episodes.end must name a field, got []`);
  if (names.length > episodeFieldsMax) {
    throw new RangeError(
      `${check.action}: episodes.end must name at most ${episodeFieldsMax} fields, got ${names.length}`,
    );
  }
  return {
    kind: "end",
    fields: names.map((name) => check.field("episodes.end", name, fields)),
    joinsSessions: check.choice("episodes.sessions", sessions ?? "split", ["split", "join"]) === "join",
    environment: environment === undefined ? null : check.field("episodes.environment", environment, fields),
  };
}

/** How the environments are told apart that windows follow; null where they follow none. */
export function environmentsOf(
  { window: { episodes } }: Pick<SamplerPlan, "window">,
): EnvironmentPlan | null {
  if (episodes.kind !== "end" || episodes.environment === null) return null;
  return { ...episodes, environment: episodes.environment };
}

/** Throws where windows of tokens are to follow environments. */
export function checkEnvironments({ fields, episodes }: WindowPlan, check: Checks): void {
  if (fields !== null || episodes.kind !== "end" || episodes.environment === null) return;
  const allowed =
    "left out where windows are tokens: those of one do not stand side by side, and fields take its rows";
  throw check.refuse("episodes.environment", allowed, episodes.environment.name);
}

function parseStarts(starts: Indices, check: Checks): BigUint64Array {
  if (!isList(starts)) {
    throw new TypeError(
      `${check.action}: episodes.starts must be a list or typed array, got ${describe(starts)}`,
    );
  }
  const parsed: bigint[] = [];
  readElements(`${check.action}: episodes.starts`, starts, (start, i) => {
    const row = typeof start === "bigint" ? Number(start) : start;
    if (typeof row !== "number" || !Number.isSafeInteger(row) || row < 0) {
      throw check.refuse(`episodes.starts[${i}]`, "a row, a whole number", start);
    }
    parsed.push(BigInt(row));
    if (i > 0 && parsed[i] <= parsed[i - 1]) {
      throw check.refuse(`episodes.starts[${i}]`, `more than ${parsed[i - 1]}, the start before it`, row);
    }
  });
  return BigUint64Array.from(parsed);
}
