import type { FieldInfo } from "./fields.ts";
import type { Tokens } from "./get.ts";

/** What the text needs to know of a store. */
export interface Inspected {
  readonly length: number;
  readonly firstToken: number;
  readonly rowCount: number;
  readonly fields: readonly FieldInfo[];
  readonly isClosed: boolean;
  get(indices: readonly number[]): Tokens;
}

const tokensShown = 5;

/** A store in a few lines: its size, its fields and its last tokens. */
export function inspectText(store: Inspected): string {
  const names = store.fields.map(({ name, type }) => `${name}: ${type}`).join(", ");
  const size = `${grouped(store.length)} tokens in ${grouped(store.rowCount)} rows`;
  if (store.isClosed) return `StreamStore { ${names} } closed, ${size}`;
  const first = Math.max(store.firstToken, store.length - tokensShown);
  const { steps, types, values } = store.get(
    Array.from({ length: store.length - first }, (_, i) => first + i),
  );
  const nameOfType = new Map(store.fields.map(({ name, type }) => [type, name]));
  const lines = Array.from(
    types,
    (type, i) => `  [${first + i}] step ${steps[i]} ${nameOfType.get(type)} ${values[i]}`,
  );
  return [`StreamStore { ${names} } ${size}`, ...(first > 0 ? ["  …"] : []), ...lines].join("\n");
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
