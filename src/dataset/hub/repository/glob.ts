/**
 * Patterns for paths as HuggingFace datasets takes them: `*` and `?` stay within a folder, `**` as a whole segment spans
 * folders, `[…]` is a set. Checked against Python's own in the tests.
 *
 * A README's patterns are a stranger's: a regular expression made of them can take longer than anyone waits. Here all
 * places of a pattern that a name may have reached are kept side by side, so that a match takes at most as many steps as
 * the pattern has characters times those of the name.
 */
export class Glob {
  readonly #places: readonly Place[];
  /** What every name begins with that matches: most names are told apart by it. */
  readonly #prefix: string;

  constructor(pattern: string) {
    this.#places = placesOf(pattern);
    this.#prefix = /^[^*?[]*/.exec(pattern)![0];
  }

  /** @param spend Is told of the steps as they are taken, and may throw. */
  matches(name: string, spend: (steps: number) => void = () => {}): boolean {
    spend(1);
    if (!name.startsWith(this.#prefix)) return false;
    const places = this.#places;
    let reached = new Uint8Array(places.length + 1);
    let next = new Uint8Array(places.length + 1);
    reached[0] = 1;
    // Outside of these nothing is reached.
    let [first, last] = [0, passOver(places, reached, 0, 0)];
    for (const character of name) {
      let steps = 0;
      let [nextFirst, nextLast] = [Infinity, -1];
      for (let i = first; i <= last && i < places.length; i++) {
        const place = places[i];
        steps += place.cost;
        if (reached[i] === 0 || !place.takes(character)) continue;
        const to = place.kind === "many" ? i : i + 1;
        next[to] = 1;
        nextFirst = Math.min(nextFirst, to);
        nextLast = Math.max(nextLast, to);
      }
      spend(steps);
      if (nextLast < 0) return false;
      reached.fill(0, first, last + 1);
      [reached, next] = [next, reached];
      [first, last] = [nextFirst, passOver(places, reached, nextFirst, nextLast)];
    }
    return reached[places.length] === 1;
  }
}

/** Whether a path is a pattern and not only itself. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/** A place in a pattern: one character, any number of them, or a choice to leave out the places of the next folders. */
interface Place {
  readonly kind: "one" | "many" | "optional";
  readonly takes: (character: string) => boolean;
  /** In steps of a comparison with one character. */
  readonly cost: number;
}

const any = () => true;
const none = () => false;
const notSlash = (character: string) => character !== "/";

const one = (takes: Place["takes"], cost = 1): Place => ({ kind: "one", takes, cost });
const many = (takes: Place["takes"]): Place => ({ kind: "many", takes, cost: 1 });

/** Any folders, at least one: what may be left out as a whole. */
const folders: readonly Place[] = [one(any), many(any), one((character) => character === "/")];

/** Adds what is reached without a character, the place behind one that may take none; returns the last of all. */
function passOver(places: readonly Place[], reached: Uint8Array, first: number, last: number): number {
  for (let i = first; i <= last && i < places.length; i++) {
    if (reached[i] === 0 || places[i].kind === "one") continue;
    const to = places[i].kind === "optional" ? i + 1 + folders.length : i + 1;
    reached[i + 1] = 1;
    reached[to] = 1;
    last = Math.max(last, to);
  }
  return last;
}

function placesOf(pattern: string): Place[] {
  const segments = pattern.split("/");
  return segments.flatMap((segment, i) => {
    const isLast = i === segments.length - 1;
    if (segment === "**") {
      return isLast ? [many(any)] : [{ kind: "optional", takes: none, cost: 1 }, ...folders];
    }
    const inner = segment === "*" ? [one(notSlash), many(notSlash)] : translate([...segment]);
    return isLast ? inner : [...inner, one((character) => character === "/")];
  });
}

function translate(characters: readonly string[]): Place[] {
  const lastBracket = characters.lastIndexOf("]");
  const places: Place[] = [];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i];
    if (character === "*") {
      if (characters[i - 1] !== "*") places.push(many(notSlash));
      continue;
    }
    if (character === "?") {
      places.push(one(notSlash));
      continue;
    }
    // A bracket right at the start is one of the set.
    const from = characters[i + 1] === "!" ? i + 3 : i + 2;
    const end = character === "[" && from <= lastBracket ? characters.indexOf("]", from) : -1;
    if (end < 0) places.push(one((other) => other === character));
    else {
      places.push(one(setOf(characters.slice(i + 1, end)), end - i));
      i = end;
    }
  }
  return places;
}

function setOf(set: readonly string[]): (character: string) => boolean {
  const isNegated = set[0] === "!";
  const members = isNegated ? set.slice(1) : set;
  const ranges: [first: number, last: number][] = [];
  for (let i = 0; i < members.length; i++) {
    const [first, dash, last] = members.slice(i, i + 3);
    const isRange = dash === "-" && last !== undefined;
    // A range that runs backwards holds nothing.
    ranges.push([codeOf(first), codeOf(isRange ? last : first)]);
    if (isRange) i += 2;
  }
  return (character) => {
    const code = codeOf(character);
    return ranges.some(([first, last]) => first <= code && code <= last) !== isNegated;
  };
}

function codeOf(character: string): number {
  return character.codePointAt(0)!;
}
