import { tailRecord } from "../native/abi.ts";

/** The memory of a tail: the number of published records, the records, and their values. */
export interface TailMemory {
  readonly state: Int32Array;
  readonly records: Int32Array;
  readonly values: ArrayBuffer;
}

/** A tail in memory of the engine's own. */
export function copiedTail(valuesMax: number): TailMemory {
  return {
    state: new Int32Array(2),
    records: new Int32Array(valuesMax * tailRecord.length),
    values: new ArrayBuffer(valuesMax * 8),
  };
}
