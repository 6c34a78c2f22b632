import type { Dtype } from "../../../dtypes.ts";
import { type Cell, pathOf, unmark } from "./cells.ts";

/** What the cells of a column have been seen to be, one after another: text has no types that say it. */
export class CellDtypes {
  #odd: string | null = null;
  #isText = true;
  #hasPaths = false;
  #hasValue = false;
  #isBool = true;
  #isWhole = true;
  /** Whether an integer is beyond those that a number holds. */
  #isWide = false;
  #fitsSigned = true;
  #fitsUnsigned = true;

  /** @param describe Says what and where a cell is that is no number. */
  add(cells: readonly Cell[], describe: (row: number, cell: Cell) => string): void {
    for (let row = 0; row < cells.length; row++) {
      const cell = unmark(cells[row]);
      const path = pathOf(cell);
      this.#hasPaths ||= typeof path === "string";
      this.#isText &&= typeof cell === "string" || cell === null || cell === undefined || path !== undefined;
      if (this.#odd === null && !this.#addCell(cell)) this.#odd = describe(row, cell);
      if (this.#odd !== null && !this.#isText) return;
    }
  }

  /** Whether all of it that is no number is text. */
  get isText(): boolean {
    return this.#odd !== null && this.#isText;
  }

  /** Whether some of that are paths of pictures that are elsewhere. */
  get hasPaths(): boolean {
    return this.#hasPaths;
  }

  /** Whether it is a number, null, or a list of such. */
  #addCell(given: Cell): boolean {
    const cell = unmark(given);
    if (cell === null || cell === undefined) return true;
    if (Array.isArray(cell)) return cell.every((entry) => this.#addCell(entry));
    if (typeof cell === "boolean") return this.#hasValue = true;
    if (typeof cell !== "number" && typeof cell !== "bigint") return false;
    this.#hasValue = true;
    this.#isBool = false;
    if (typeof cell === "bigint") {
      this.#isWide = true;
      this.#fitsSigned &&= BigInt.asIntN(64, cell) === cell;
      this.#fitsUnsigned &&= BigInt.asUintN(64, cell) === cell;
    } else {
      this.#isWhole &&= Number.isSafeInteger(cell) && !Object.is(cell, -0);
      this.#fitsUnsigned &&= cell >= 0;
    }
    return true;
  }

  /**
   * Numbers are float64, as a field is of which nothing is said, and a later one may have a fraction; but integers that
   * it does not hold are of 64 bits, and what is true or false everywhere is bool.
   */
  get dtypes(): readonly Dtype[] | string {
    if (this.#odd !== null) return this.#odd;
    if (!this.#hasValue) return [];
    if (this.#isBool) return ["bool"];
    if (!this.#isWide || !this.#isWhole) return ["float64"];
    return this.#fitsSigned ? ["int64"] : this.#fitsUnsigned ? ["uint64"] : ["float64"];
  }
}
