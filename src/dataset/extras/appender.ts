import type { Batch } from "../../append/batch.ts";
import { damaged } from "../decode.ts";
import type { LoadedFeature } from "../known_features.ts";
import { type ExtraBlock, ExtraError, type ExtraPiece } from "./pieces.ts";
import { checkText } from "./text.ts";
import { kindOfForm, type WantedExtra } from "./wanted.ts";

/** Adds what the rows of a batch have of extras, and says in words what none can hold. */
export class ExtraAppender {
  readonly #loaded = new Map<string, LoadedFeature>();

  constructor(
    private readonly batch: Batch,
    private readonly extras: readonly WantedExtra[],
    private readonly action: string,
  ) {}

  /** The features of the columns that were there. */
  get loaded(): LoadedFeature[] {
    return [...this.#loaded.values()];
  }

  /** Adds those of a block whose rows are in the batch, from `firstRow` of the batch on. `beforeEach` runs before each piece. */
  async add(block: ExtraBlock, firstRow: number, beforeEach: () => void): Promise<void> {
    try {
      for await (const piece of block.extras()) {
        beforeEach();
        this.#addPiece(piece, firstRow);
      }
    } catch (error) {
      throw this.#inWords(error, block, firstRow);
    }
  }

  /** The same of a block that has them at hand. */
  addNow(block: ExtraBlock, firstRow: number): void {
    try {
      for (const piece of block.extras() as Iterable<ExtraPiece>) this.#addPiece(piece, firstRow);
    } catch (error) {
      throw this.#inWords(error, block, firstRow);
    }
  }

  /** Throws for an extra that the caller has named, and that no file has a column of. */
  checkNamed(): void {
    const missing = this.extras.find(({ name, isNamed }) => isNamed && !this.#loaded.has(name));
    if (missing === undefined) return;
    throw new RangeError(
      `Cannot ${this.action}: extra must name columns of the dataset, got ${JSON.stringify(missing.name)}`,
    );
  }

  #addPiece(piece: ExtraPiece, blockRow: number): void {
    const { extra: { name, form, place }, firstRow, feature } = piece;
    try {
      if (kindOfForm(form) === "string") checkText(piece, firstRow);
    } catch (error) {
      throw error instanceof ExtraError ? new NamedExtraError(name, error) : error;
    }
    this.batch.addExtra(place, blockRow + firstRow, piece);
    const known = this.#loaded.get(name);
    if (known === undefined) this.#loaded.set(name, { name, feature });
    else if (JSON.stringify(known.feature) !== JSON.stringify(feature)) known.feature = null;
  }

  #inWords(error: unknown, { place, path }: ExtraBlock, firstRow: number): unknown {
    if (!(error instanceof NamedExtraError)) return error;
    const { column, row, allowed, found } = error;
    const where = place?.(row) ?? `row ${firstRow + row}${path === undefined ? "" : ` (${path})`}`;
    const message = `Cannot ${this.action}: "${column}" at ${where} must be ${allowed}, got ${found}`;
    return path === undefined ? new RangeError(message) : damaged(message);
  }
}

/** An ExtraError, and of which column it is. */
export class NamedExtraError extends ExtraError {
  constructor(readonly column: string, { row, allowed, found }: ExtraError) {
    super(row, allowed, found);
  }
}
