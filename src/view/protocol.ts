/**
 * What the viewer's server and its page say to each other. Types alone, which both sides import.
 *
 * Rows, tokens and steps are absolute: they keep their numbers while a store drops its head. A store is named by its
 * index among those that the viewer was opened with. A series is a field, or an element of its lists: `reward`,
 * `observation[2]`.
 */

/** A value in a table: integers beyond 2^53 as text of digits, `NaN` and infinities as such text, null for none. */
export type Shown = number | string | boolean | null | readonly Shown[];

/** `open`: it can be read. `deleted`: its directory is gone. `replaced`: another store stands there, opened anew. */
export type StoreState = "open" | "deleted" | "replaced" | "failed";

/** `GET /api/stores` */
export interface StoreSummary {
  readonly store: number;
  readonly name: string;
  readonly path: string;
  readonly state: StoreState;
  /** Why it cannot be read. */
  readonly reason?: string;
  readonly rows: number;
}

/** `GET /api/overview?store=0` */
export interface Overview {
  readonly store: number;
  readonly id: string;
  readonly firstRow: number;
  /** The row after the last. */
  readonly endRow: number;
  readonly firstToken: number;
  readonly endToken: number;
  readonly byteLength: number;
  readonly cell: string;
  readonly fields: readonly FieldOverview[];
  readonly extras: readonly { readonly name: string; readonly kind: "string" | "bytes" }[];
  readonly writer: Writer | null;
  /** Steps that the last opening found beyond the last commit. */
  readonly recovered: number | null;
}

export interface FieldOverview {
  readonly name: string;
  readonly typeId: number;
  readonly dtype: string;
  readonly isList: boolean | null;
  /** The fewest and the most values in a row that has some. */
  readonly width: readonly [number, number] | null;
  /** The part of the newest rows' tokens that are the field's. */
  readonly share: number;
  readonly newest: Shown | CutList;
}

export interface Writer {
  readonly processId: number | null;
}

/**
 * `GET /api/live?store=0`: a line of JSON for each commit that is seen, at most one each 16 ms; one at least each 5 s,
 * so that a page knows that the server lives.
 */
export interface LiveEvent {
  readonly store: number;
  readonly state: StoreState;
  readonly reason?: string;
  /** How many stores have stood in its place: another number is another store, and rows are other rows. */
  readonly generation: number;
  readonly firstRow: number;
  readonly endRow: number;
  readonly endToken: number;
  readonly byteLength: number;
  readonly writer: Writer | null;
  /** When the commit was seen, ms since 1970. */
  readonly seenAt: number;
}

/**
 * `GET /api/series?store=0&series=reward&series=observation[2]&from=0&to=1000000&columns=1500`: for each column of
 * pixels the first, last, least and greatest finite value, so that the line through them is the line through all.
 *
 * The answer is binary: a Uint32 with the length of a header in bytes, the header, `SeriesHeader` as JSON, padded by
 * spaces to whole 8 bytes with those 4, then for each series in turn `first`, `last`, `min`, `max` as Float64Array of
 * `columns` numbers, NaN where no row has a value, and `count`, Float64Array, how many rows have one. Column c holds
 * the rows r with floor((r - from) * columns / (to - from)) = c.
 */
export interface SeriesHeader {
  readonly store: number;
  readonly from: number;
  readonly to: number;
  readonly columns: number;
  readonly series: readonly string[];
  /** Rows before it are not in the answer yet: they are looked at from the newest backwards. Ask again. */
  readonly knownFrom: number;
}

/**
 * `GET /api/rows?store=0&from=0&to=100&columns=reward&columns=prompt&entries=32`: at most 1,000 rows; all columns where
 * there is no `columns`. Rows that were dropped, or are not there yet, are left out.
 */
export interface RowsAnswer {
  readonly from: number;
  readonly columns: readonly { readonly name: string; readonly kind: "field" | "string" | "bytes" }[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  readonly row: number;
  readonly step: Shown;
  /**
   * As many as there are columns. Lists are cut at `entries`, text of extras at 1,000 characters; bytes are described.
   */
  readonly values: readonly TableValue[];
  /** Why it cannot be read; then there are no values. */
  readonly error?: string;
}

export type TableValue = Shown | CutList | CutText | ExtraBytes;

/** The beginning of a list that has more entries. */
export interface CutList {
  readonly length: number;
  readonly entries: readonly Shown[];
}

/** The beginning of a longer text. */
export interface CutText {
  readonly text: string;
  readonly byteLength: number;
}

/** Bytes of an extra, by `GET /api/extra?store=0&name=frame&row=7`; `image` where a browser can show them as one. */
export interface ExtraBytes {
  readonly byteLength: number;
  readonly image: boolean;
}

/**
 * `GET /api/find?store=0&step=123`: the row that a jump goes to, of the step or of the first later one. Or `&row=7`, if
 * it is kept; or `&episode=7&end=done` (several `end`, or `id=episode_index`): where the n-th episode begins, from 0.
 */
export interface FoundRow {
  readonly row: number | null;
}

/**
 * `GET /api/episodes?store=0&end=done&environment=env_id&sum=reward&order=sum&descending=1&from=0&to=100`: a part of
 * the list of episodes, ordered by `row` (as they come), `length` or `sum`. The rule is that of samplers: `end`, of
 * which there may be several, with `sessions` and `environment`; or `id`; or `rule=rows`.
 */
export interface EpisodesAnswer {
  readonly count: number;
  readonly from: number;
  readonly episodes: readonly EpisodeRow[];
}

export interface EpisodeRow {
  /** Its place among all, in the order of their first rows. */
  readonly episode: number;
  readonly firstRow: number;
  readonly endRow: number;
  /** Rows: fewer than `endRow - firstRow` where rows of several environments are interleaved. */
  readonly length: number;
  readonly environment: Shown;
  readonly sum: Shown;
  /** Whether it has not ended. */
  readonly open: boolean;
  readonly flag: string | null;
}

/**
 * `GET /api/curve?store=0&end=done&episode=7&series=reward&columns=600`, with the rule of the list: the values of an
 * episode's own rows, in the columns of a chart of `length` rows.
 */
export interface CurveAnswer {
  readonly episode: number;
  readonly firstRow: number;
  readonly length: number;
  /** Of each column `[place, least, greatest]`: the first row's place in the episode; null where no row has a number. */
  readonly columns: readonly (readonly [number, number | null, number | null])[];
}

/**
 * `GET /api/flags?store=0` gives all of them, and
 * `GET /api/flag?store=0&row=120&flag=bad` keeps a flag for the episode that begins at a row, beside the store; an
 * empty one takes it away. Only with the header `x-streamstore: flag`, which no other origin's page can send.
 */
export interface FlagAnswer {
  readonly flags: readonly { readonly row: number; readonly flag: string }[];
}

/** `GET /api/batch?store=0&options={…}`: `options` are those of `store.sampler`, as JSON, and which batch. */
export interface BatchRequest {
  readonly steps?: number;
  readonly tokens?: number;
  readonly batchSize?: number;
  /** A bigint is text of its digits. */
  readonly seed?: number | string;
  /** The n-th batch from the seed, 0 the first. */
  readonly batch?: number;
  /** A step without end is null. */
  readonly [option: string]: unknown;
}

export interface BatchAnswer {
  readonly batch: number;
  /** Windows in it: 0 where the epochs end before it. */
  readonly size: number;
  /** How many batches there are where they end before it, else null. */
  readonly batchCount: number | null;
  /** The rows that the store had, without the last: of a store that grows, the n-th batch is another one later. */
  readonly storeRows: readonly [number, number];
  readonly fields: readonly BatchField[];
  readonly windows: readonly BatchWindow[];
  readonly extras: readonly BatchExtra[];
  /** The program that draws this batch. */
  readonly code: string;
}

export interface BatchField {
  /** `tokens` where the windows come as tokens. */
  readonly name: string;
  /** The number type of the values in the batch. */
  readonly dtype: string;
  /** `[B, S, W]`: windows, rows of each, values of each row; of tokens `[B, T, 1]`. */
  readonly shape: readonly [number, number, number];
  /** Row-major: what is no number in JSON is text. */
  readonly values: readonly Shown[];
  /** `[B, S, W]`: 1 for a value, 0 for padding and for what the row does not have. */
  readonly mask: readonly number[];
  /** `[B, S]`: 1 for a row of the window, 0 for padding, or for an offset that leads out of the episode. */
  readonly present: readonly number[];
  /** `[B, S]`: the row of the store that stands there, null for padding. */
  readonly rows: readonly (number | null)[];
  /** `[B, S]`: its step. */
  readonly steps: readonly Shown[];
  /** Where the rows stand at offsets around the window's anchor. */
  readonly offsets: readonly number[] | null;
  /** Of tokens `[B, T]`: the field that each is of. */
  readonly types: readonly (string | null)[] | null;
}

export interface BatchWindow {
  /** Where it lies in the stream: its first row and the row after its last. */
  readonly firstRow: number;
  readonly endRow: number;
}

export interface BatchExtra {
  readonly name: string;
  /** `[B][S]`: text, cut at 200 characters, and what is said of bytes. */
  readonly values: readonly (readonly (string | null)[])[];
}

/** `GET /api/statistics?store=0&series=reward&from=0&to=1000`, of the newest 20 million rows where no range is given. */
export interface StatisticsAnswer {
  readonly series: string;
  /** The rows that were looked at, without the last. */
  readonly from: number;
  readonly to: number;
  /** Finite values: those of which everything else speaks. */
  readonly count: number;
  /** Rows without a value. */
  readonly missing: number;
  readonly notFinite: number;
  readonly mean: number | null;
  readonly deviation: number | null;
  /** Right to 0.4 % of the value, as `store.stats` gives them. */
  readonly quantiles: readonly { readonly at: number; readonly value: number }[];
  readonly bins: readonly StatisticsBin[];
  /** Rows of the least and the greatest values, most extreme first. */
  readonly least: readonly { readonly row: number; readonly value: number }[];
  readonly greatest: readonly { readonly row: number; readonly value: number }[];
}

export interface StatisticsBin {
  readonly from: number;
  /** Without it, but in the last bin. */
  readonly to: number;
  readonly count: number;
  /** The first row whose value lies in it, null where none does. */
  readonly row: number | null;
}

/** `GET /api/health?store=0`: a line of JSON at most each 50 ms while chunks are compared with their checksums. */
export interface HealthEvent {
  /** In the last line, which alone knows the damage. */
  readonly done: boolean;
  readonly chunksChecked: number;
  readonly chunkCount: number;
  readonly damaged: readonly HealthDamage[];
  /** What the last opening found beyond the last commit. */
  readonly recovery: Readonly<Record<string, number>> | null;
  /** The rows at which writers began. */
  readonly sessions: readonly number[];
  /** Why it could not be verified. */
  readonly error?: string;
}

export interface HealthDamage {
  readonly file: string;
  readonly chunk: number;
  readonly rows: readonly [number, number];
}

/** Any answer with a status of 400 or more. */
export interface ErrorAnswer {
  readonly error: string;
}
