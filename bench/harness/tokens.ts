/** A language model's tokens as uint16, each its index modulo 65,536: a document is a row, its tokens a list. */
import { StreamStore } from "../../mod.ts";

const tokensPerDocument = 500;
const documentsPerFill = 1000;

export function tokenStore(tokenCount: number) {
  const store = new StreamStore({ token: "uint16" });
  const tokensPerFill = documentsPerFill * tokensPerDocument;
  const values = new Uint16Array(tokensPerFill);
  for (let from = 0; from < tokenCount; from += tokensPerFill) {
    for (let i = 0; i < tokensPerFill; i++) values[i] = from + i & 0xffff;
    const step = Float64Array.from({ length: documentsPerFill }, (_, i) => from / tokensPerDocument + i);
    store.appendColumns({ step, token: { values, width: tokensPerDocument } });
  }
  return store;
}
