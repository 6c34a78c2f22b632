/** How much is done at once. */
export interface SeriesLimits {
  /** Of so many rows a series is read at once, in 1 or 2 ms: pyramids have nothing to do with it. */
  readonly readRowsMax: number;
  /** So many values are read at once, in some ten milliseconds, rather than said not to be known. */
  readonly readValuesMax: number;
  /** A slice of building takes about so long, so that what is asked meanwhile is answered soon. */
  readonly sliceMs: number;
  /** Values of the first slice: a millisecond's worth or two. */
  readonly valuesAtFirst: number;
  /** Buckets of a slice, at most. */
  readonly bucketsMax: number;
  /** Where more buckets than this are new, the newest of them are built first. */
  readonly gapMax: number;
  /** Bytes of what is known of all series of a store. What files keep is let go of beyond. */
  readonly bytesMax: number;
  /** So many new buckets are worth a file: a million rows. */
  readonly unsavedMin: number;
}

export const seriesLimits: SeriesLimits = {
  readRowsMax: 2 ** 19,
  readValuesMax: 2 ** 22,
  sliceMs: 8,
  valuesAtFirst: 2 ** 20,
  bucketsMax: 2 ** 14,
  gapMax: 2 ** 11,
  bytesMax: 96 * 2 ** 20,
  unsavedMin: 2 ** 12,
};
