/** Cells of CSV in which nothing stands within quotes: the parser does not tell them from those in which nothing stands. */

/** Stands for such a cell. It is half a character, which no text has that is whole. */
export const quotedNothing = "\udfff";

/** Marks all of them in a text of whole rows. */
export function markQuotedNothing(text: string, delimiter: string): string {
  if (!text.includes('""')) return text;
  const isBorder = (at: number) => {
    const character = text[at];
    return character === undefined || character === delimiter || character === "\n" || character === "\r";
  };
  const parts: string[] = [];
  let taken = 0;
  for (let open = text.indexOf('"'); open >= 0;) {
    // Elsewhere in a cell a quote is a character like any other.
    const close = isBorder(open - 1) ? closing(text, open) : open;
    if (close < 0) break;
    if (close === open + 1 && isBorder(close + 1)) {
      parts.push(text.slice(taken, close), quotedNothing);
      taken = close;
    }
    open = text.indexOf('"', close + 1);
  }
  return parts.join("") + text.slice(taken);
}

/** The quote that closes what another opens, which is not doubled; -1 where there is none. */
function closing(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  return close;
}
