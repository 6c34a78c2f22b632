import { type CollectionTag, Scalar, type ScalarTag, type Tags } from "yaml";

/**
 * YAML as PyYAML's safe loader has it, which reads the front matter of READMEs in Python: by the expressions of its
 * resolver. It takes `yes` for true and `08`, `1e3` and `n` for strings, where YAML 1.1 and 1.2 each say something else.
 *
 * What is written is read as the same string by all of them: in quotes unless it is a plain word to each.
 */
const pythonTags = (failsafe: Tags): Tags => [
  ...failsafe.filter((tag): tag is CollectionTag => typeof tag === "object" && tag.collection !== undefined),
  ...[nullTag, boolTag, floatTag, intTag, timestampTag, stringTag],
  "merge",
];

/** The options of a document of front matter. */
export const frontMatterOptions = {
  version: "1.1",
  schema: "failsafe",
  customTags: pythonTags,
  uniqueKeys: false,
} as const;

function tag(name: string, parts: Omit<ScalarTag, "default" | "tag">): ScalarTag {
  return { default: true, tag: `tag:yaml.org,2002:${name}`, ...parts };
}

const stringTag = tag("str", {
  identify: (value) => typeof value === "string",
  // The library takes a string for a key that merges unless a tag with a test stands before that one's.
  test: /^(?!<<$)/,
  resolve: (text) => text,
  stringify: ({ value }, { inFlow }) => quoted(String(value), inFlow === true),
});

const nullTag = tag("null", {
  identify: (value) => value === null,
  test: /^(?:~|null|Null|NULL)?$/,
  resolve: () => new Scalar(null),
  stringify: () => "null",
});

const boolTag = tag("bool", {
  identify: (value) => typeof value === "boolean",
  test: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:yes|true|on)$/i.test(text),
  stringify: ({ value }) => String(value),
});

const floatTag = tag("float", {
  identify: (value) => typeof value === "number" && !Number.isInteger(value),
  test:
    /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  resolve: (text) => {
    const plain = text.replaceAll("_", "").toLowerCase();
    if (plain.endsWith(".inf")) return plain.startsWith("-") ? -Infinity : Infinity;
    if (plain === ".nan") return NaN;
    return plain.includes(":") ? sexagesimal(plain) : Number(plain);
  },
  stringify: ({ value }) => {
    const number = value as number;
    if (Number.isNaN(number)) return ".nan";
    if (!Number.isFinite(number)) return number < 0 ? "-.inf" : ".inf";
    // Python wants a point before an exponent.
    return String(number).replace(/^(-?\d+)e/, "$1.0e");
  },
});

const intTag = tag("int", {
  identify: (value) => Number.isInteger(value) || typeof value === "bigint",
  test:
    /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  resolve: (text) => {
    const [, sign, digits] = /^([-+]?)(.*)$/.exec(text.replaceAll("_", ""))!;
    const size = digits.includes(":")
      ? sexagesimal(digits)
      : Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
    return sign === "-" ? -size : size;
  },
  stringify: ({ value }) => BigInt(value as number | bigint).toString(),
});

const timestampTag = tag("timestamp", {
  identify: (value) => value instanceof Date,
  test:
    /^(?:\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$/,
  resolve: (text) => {
    const [date, time = "00:00:00", zone = "Z"] = text.split(/[Tt]|[ \t]+|(?=[Z+]|(?<=:.*)-)/).filter(
      Boolean,
    );
    const parts = [...date.split("-"), ...time.split(":")].map(Number);
    const [year, month, day, hour, minute, second] = parts;
    const [, sign, hours, minutes = "0"] = /^([-+])(\d+)(?::(\d+))?$/.exec(zone) ?? [null, "+", "0"];
    const offset = (sign === "-" ? -1 : 1) * (60 * Number(hours) + Number(minutes));
    return new Date(Date.UTC(year, month - 1, day, hour, minute - offset, 0, Math.round(1000 * second)));
  },
  stringify: ({ value }) => (value as Date).toISOString().replace(/T00:00:00\.000Z$/, ""),
});

/** Places of 60, the last of which may have a fraction. */
function sexagesimal(text: string): number {
  const size = text.replace(/^[-+]/, "").split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
  return text.startsWith("-") ? -size : size;
}

/** What some reader of YAML takes for null or a truth value. */
const reserved = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;

/** A string for front matter: on one line, and a string to every reader. */
export function quoted(text: string, inFlow: boolean): string {
  const word = inFlow ? /^[A-Za-z_][\w./*-]*$/ : /^[A-Za-z_](?:[\w .,/*[\]=-]*[\w.,/*[\]=-])?$/;
  if (word.test(text) && !reserved.test(text)) return text;
  // Python takes no other characters as they are, and some of these for the end of a line.
  if (/^[\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]*$/u.test(text)) {
    return `'${text.replaceAll("'", "''")}'`;
  }
  const escaped = Array.from(text, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    if (/[\x20-\x7e]/.test(character)) return character;
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
  return `"${escaped.join("")}"`;
}
