/** What samplers, mixtures and contexts work on, of a store; and how the class `StreamStore` makes them. */
import { describe } from "../fields.ts";
import { checkOptions, optionNames } from "../options.ts";
import { lastSession } from "../read/sessions.ts";
import { takeStats } from "../statistics/accumulator.ts";
import type { Indices } from "../read/gather.ts";
import { type Session, sessionOf } from "../store/session.ts";
import { readElements } from "../typed_array.ts";
import type { AnyBatch } from "./batch.ts";
import { Checks } from "./checks.ts";
import { type ContextOptions, Contexts } from "./context.ts";
import { type GatherRowsOptions, RowGatherers } from "./gather_rows.ts";
import { EpisodeIndex } from "./episodes.ts";
import { planBatch, type SampleSource } from "./batch_plan.ts";
import type { WeightedSource } from "./mixed_pool.ts";
import { Mixture, type ReadSource } from "./mixture.ts";
import type { MixtureOptions, MixtureSource, PrefetchOptions } from "./options.ts";
import { parseSamplerOptions } from "./parse_options.ts";
import { poolOf } from "./pool_of.ts";
import { PrefetchingSampler } from "./prefetch/prefetch.ts";
import { Sampler } from "./sampler.ts";

const episodesOf = ({ connection, directory }: Session) => new EpisodeIndex(connection, directory);

export function sampleSource(session: Session): SampleSource {
  const { connection, fields, extras } = session;
  return {
    connection,
    fields,
    extras,
    index: session.kept(episodesOf),
    prepare: (action) => {
      connection.checkOpen(action);
      if (connection.isWritable) session.commit(action);
      else session.refresh();
    },
    moments: () => takeStats(session),
  };
}

const contextsOf = (session: Session) => {
  const { appender } = session;
  return new Contexts({
    ...sampleSource(session),
    get tokenCount() {
      return appender.tokenCount;
    },
    get rowCount() {
      return appender.rowCount;
    },
    get tailValues() {
      return appender.tailValues;
    },
    get lastSession() {
      return lastSession(session);
    },
  });
};

/** The newest window, as {@linkcode StreamStore.context} says. */
export function readContext(session: Session, options: ContextOptions): AnyBatch {
  const { connection } = session;
  connection.checkOpen("read a context");
  if (!connection.isWritable) session.refresh();
  return session.kept(contextsOf).read(options);
}

const gatherersOf = (session: Session) => new RowGatherers(sampleSource(session));

/** Windows at rows, as {@linkcode StreamStore.gatherRows} says. */
export function gatherRows(
  session: Session,
  rows: Indices,
  options: GatherRowsOptions,
  out: AnyBatch | undefined,
): AnyBatch {
  session.connection.checkIdle("gather rows");
  session.connection.checkOpen("gather rows");
  return session.kept(gatherersOf).gather(rows, options, out);
}

/**
 * A sampler, as {@linkcode StreamStore.sampler} says: with `prefetch` one that works ahead.
 */
export function newSampler(session: Session, options: PrefetchOptions): Sampler | PrefetchingSampler {
  const { connection, directory } = session;
  connection.checkOpen("make a sampler");
  const source = sampleSource(session);
  const checks = new Checks("Cannot make a sampler");
  const plan = parseSamplerOptions(options, source, checks);
  if (plan.prefetch !== null && directory === null) {
    const allowed = "left out for a temporary store, which no Worker can open";
    throw checks.refuse("prefetch", allowed, plan.prefetch);
  }
  source.prepare("make a sampler");
  const batch = planBatch(plan, [source], checks.action);
  return plan.prefetch === null
    ? new Sampler(poolOf(source, plan, batch), plan, batch)
    : new PrefetchingSampler(source, directory!, plan, batch);
}

const sourceKeys = optionNames<MixtureSource<unknown>>({ store: true, weight: true });

/** A mixture of stores, as {@linkcode StreamStore.mixture} says. */
export function newMixture(
  sources: readonly (MixtureSource<unknown> | unknown)[],
  options: MixtureOptions,
): Mixture {
  const checks = new Checks("Cannot make a mixture");
  if (!Array.isArray(sources)) {
    throw new TypeError(`${checks.action}: sources must be a list, got ${describe(sources)}`);
  }
  const read: WeightedSource[] = [];
  readElements(`${checks.action}: sources`, sources, (source, i) => {
    read.push(readSource(source, `sources[${i}]`, checks));
  });
  return new Mixture(read, options, readSource);
}

/** A store, or a store and its weight. */
const readSource: ReadSource = (given, name, checks) => {
  const session = sessionOf(given);
  if (session !== null) return { source: sampleSource(session), weight: undefined };
  checkOptions(given as object, sourceKeys, checks.action.replace(/^Cannot /, ""), `${name}.`);
  const { store, weight } = given as Partial<MixtureSource<unknown>>;
  const of = sessionOf(store);
  if (of !== null) return { source: sampleSource(of), weight };
  throw new TypeError(`${checks.action}: ${name}.store must be a store, got ${describe(store)}`);
};
