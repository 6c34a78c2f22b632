import { drawnNothing } from "./no_window.ts";
import type { EnvironmentRows } from "./environment_rows.ts";
import type { Environments } from "./environments.ts";
import { EpochOfMany, MixedWindows } from "./mixed_windows.ts";
import type { EpochSpan, EpochWindows, WindowRule } from "./space.ts";
import type { Connection } from "../store/connection.ts";

/**
 * The windows of all environments of a store: those of the environment whose first row comes first are the first. Places
 * are positions among the rows of an environment.
 */
export class EnvironmentWindows extends MixedWindows {
  constructor(
    { tables }: Connection,
    private readonly rule: WindowRule,
    private readonly environments: Environments,
  ) {
    super(environments.all, rule, tables.sampler);
  }

  override get sources(): readonly EnvironmentRows[] {
    this.environments.extend();
    return this.environments.all;
  }

  /** The store's end tells where each environment ended. */
  override beginEpoch(): EpochSpan {
    const windows = this.count();
    return { end: this.environments.endRow, windows };
  }

  override epochWindows({ end, windows }: EpochSpan): EpochWindows {
    const spans = this.sources.flatMap((rows) => {
      const { end: position, from, total } = rows.populationAt(end);
      return [position, total - from];
    });
    const held = spans.reduce((sum, number, i) => i % 2 === 1 ? sum + number : sum, 0);
    if (held !== windows) {
      throw new RangeError(
        `Cannot sample: the ${windows} windows of the state's epoch must still be held, got ${held}; rows of it were ` +
          "dropped since, and nothing tells whose they were",
      );
    }
    return new EpochOfMany(this, spans);
  }

  protected override none(newestRows: number): RangeError {
    return drawnNothing(this.rule, this.environments.all, newestRows, "environments", "the store");
  }
}
