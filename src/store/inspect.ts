import { StreamStoreError } from "../error.ts";
import { type FieldInfo, fieldText } from "../fields.ts";
import type { Tokens } from "../read/tokens.ts";

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
  const names = store.fields.map(fieldText).join(", ");
  const size = `${grouped(store.length)} tokens in ${grouped(store.rowCount)} rows`;
  if (store.isClosed) return `StreamStore { ${names} } closed, ${size}`;
  return [`StreamStore { ${names} } ${size}`, ...lastTokens(store)].join("\n");
}

/** A console must show a store also where its tokens cannot be read: on a full disk, or in the middle of a call. */
function lastTokens(store: Inspected): string[] {
  const first = Math.max(store.firstToken, store.length - tokensShown);
  const nameOfType = new Map(store.fields.map(({ name, type }) => [type, name]));
  try {
    const { steps, types, values } = store.get(
      Array.from({ length: store.length - first }, (_, i) => first + i),
    );
    const lines = Array.from(
      types,
      (type, i) => `  [${first + i}] step ${steps[i]} ${nameOfType.get(type)} ${values[i]}`,
    );
    return [...(first > 0 ? ["  …"] : []), ...lines];
  } catch (error) {
    if (!(error instanceof StreamStoreError)) throw error;
    return [`  … ${error.message}`];
  }
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
