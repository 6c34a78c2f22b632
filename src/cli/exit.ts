/** How the command line ends. */

/** Exit codes: 2 is a call that is wrong, 130 one that Ctrl-C has ended, 1 everything else that fails, damage included. */
export const exitCode = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** A call of the command line that is wrong: a name that there is not, an option that does not fit another. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Whoever read the output has closed it, as `head` does: there is nobody left to tell. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** Names that are close enough to one that there is not, as `(did you mean "reward"?)`; else nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  const best = known.map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
    .toSorted((one, other) => one.distance - other.distance)[0];
  return best === undefined ? "" : ` (did you mean "${best.candidate}"?)`;
}

/** How many letters are to be added, left out, replaced or swapped with the next, without regard to case. */
function distanceOf(one: string, other: string): number {
  const [from, to] = [[...one.toLowerCase()], [...other.toLowerCase()]];
  const rows = [Array.from({ length: to.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = rows[i - 1][j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row.push(
        Math.min(replaced, rows[i - 1][j] + 1, row[j - 1] + 1, isSwapped ? rows[i - 2][j - 2] + 1 : Infinity),
      );
    }
    rows.push(row);
  }
  return rows[from.length][to.length];
}

/** Refuses a name that is none of those that are known. */
export function checkName(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new UsageError(
    `There is no ${what} "${name}"${suggestion(name, known)}: there are ${known.join(", ") || "none"}`,
  );
}
