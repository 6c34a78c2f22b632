/**
 * Patterns for paths as HuggingFace datasets takes them: `*` and `?` stay within a folder, `**` as a whole segment spans
 * folders, `[…]` is a set. Checked against Python's own in the tests.
 */
export function globPattern(pattern: string): RegExp {
  const segments = pattern.split("/");
  const source = segments.map((segment, i) => {
    const isLast = i === segments.length - 1;
    if (segment === "**") return isLast ? ".*" : "(?:.+/)?";
    const inner = segment === "*" ? "[^/]+" : translate(segment);
    return isLast ? inner : `${inner}/`;
  }).join("");
  return new RegExp(`^(?:${source})$`, "su");
}

/** Whether a path is a pattern and not only itself. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

function translate(segment: string): string {
  const characters = [...segment];
  let source = "";
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i];
    if (character === "*") {
      if (!source.endsWith("[^/]*")) source += "[^/]*";
    } else if (character === "?") source += "[^/]";
    else if (character === "[") {
      // A bracket right at the start is one of the set.
      const end = characters.indexOf("]", characters[i + 1] === "!" ? i + 3 : i + 2);
      if (end < 0) source += "\\[";
      else {
        source += translateSet(characters.slice(i + 1, end));
        i = end;
      }
    } else source += /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
  }
  return source;
}

function translateSet(set: readonly string[]): string {
  const isNegated = set[0] === "!";
  const members = isNegated ? set.slice(1) : set;
  let source = "";
  for (let i = 0; i < members.length; i++) {
    const [first, dash, last] = members.slice(i, i + 3);
    if (dash !== "-" || last === undefined) source += inSet(first);
    else {
      // A range that runs backwards holds nothing.
      if (first <= last) source += `${inSet(first)}-${inSet(last)}`;
      i += 2;
    }
  }
  if (source === "") return isNegated ? "." : "(?!)";
  return `[${isNegated ? "^" : ""}${source}]`;
}

function inSet(character: string): string {
  return /[\\^[\]-]/.test(character) ? `\\${character}` : character;
}
