import { StreamStoreError } from "../error.ts";
import { arrayOver, bytesOf, toDtype } from "../dtypes.ts";
import { type Field, fieldText } from "../fields.ts";
import type { Tokens } from "../read/tokens.ts";
import { kindOf } from "../typed_array.ts";

/** What the text needs to know of a store. */
export interface Inspected {
  readonly length: number;
  readonly firstToken: number;
  readonly rowCount: number;
  readonly isClosed: boolean;
  get(indices: readonly number[]): Tokens;
}

const tokensShown = 5;

/** A store in a few lines: its size, its fields and its last tokens. */
export function inspectText(store: Inspected, fields: readonly Field[]): string {
  const names = fields.map(fieldText).join(", ");
  const size = `${grouped(store.length)} tokens in ${grouped(store.rowCount)} rows`;
  if (store.isClosed) return `StreamStore { ${names} } closed, ${size}`;
  return [`StreamStore { ${names} } ${size}`, ...lastTokens(store, fields)].join("\n");
}

/** A console must show a store also where its tokens cannot be read: on a full disk, or in the middle of a call. */
function lastTokens(store: Inspected, fields: readonly Field[]): string[] {
  const first = Math.max(store.firstToken, store.length - tokensShown);
  const fieldOfType = new Map(fields.map((field) => [field.type, field]));
  try {
    const { steps, types, values } = store.get(
      Array.from({ length: store.length - first }, (_, i) => first + i),
    );
    const lines = Array.from(types, (type, i) => {
      const field = fieldOfType.get(type);
      const value = field === undefined ? values[i] : valueAt(field, values, i);
      return `  [${first + i}] step ${steps[i]} ${field?.name} ${value}`;
    });
    return [...(first > 0 ? ["  …"] : []), ...lines];
  } catch (error) {
    if (!(error instanceof StreamStoreError)) throw error;
    return [`  … ${error.message}`];
  }
}

/** A value as the field has it. What the array of a store of integers does not hold stands in it as its own bits. */
function valueAt({ dtype, element }: Field, values: Tokens["values"], at: number): number | bigint {
  if (kindOf(values)?.startsWith("Float")) return values[at];
  const { buffer, byteOffset } = values;
  return toDtype(dtype, element, arrayOver(element, buffer, byteOffset + at * bytesOf(element), 1))[0];
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
