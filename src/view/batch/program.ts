/** The program that draws a batch, for a user to copy. */
import type { ParsedRequest } from "./request.ts";

const lineMax = 100;
/** Apart from the import that it stands in, which tools would take for one of this module. */
const library = JSON.stringify("@streamstore/streamstore");

/** TypeScript that draws just this batch of a store: it runs as it is, on every runtime. */
export function programOf(path: string, { options, batch }: ParsedRequest): string {
  const skipped = batch === 1
    ? "sampler.next(); // the batch before\n"
    : batch > 1
    ? `for (let before = 0; before < ${batch}; before++) sampler.next();\n`
    : "";
  return `import { StreamStore } from ${library};

using store = StreamStore.open(${JSON.stringify(path)}, { mode: "read" });
const sampler = store.sampler(${literal(options, "")});
${skipped}const batch = sampler.next()!;
console.log(batch);
`;
}

/** A value as the source of it: on one line where it fits, else an entry a line. */
function literal(value: unknown, indent: string): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const isList = Array.isArray(value);
  const [open, close, pad] = isList ? ["[", "]", ""] : ["{", "}", " "];
  const inner = `${indent}  `;
  const entries = isList
    ? value.map((entry) => literal(entry, inner))
    : Object.entries(value).map(([name, entry]) => `${keyOf(name)}: ${literal(entry, inner)}`);
  if (entries.length === 0) return open + close;
  const line = `${open}${pad}${entries.join(", ")}${pad}${close}`;
  const isShort = indent.length + line.length <= lineMax && !line.includes("\n");
  // The options themselves are easier to read, and to change, one a line.
  if (isShort && (isList || indent !== "")) return line;
  return `${open}\n${entries.map((entry) => `${inner}${entry},\n`).join("")}${indent}${close}`;
}

function keyOf(name: string): string {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
