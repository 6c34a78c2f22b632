/**
 * Language models: documents of tokens, sampled as windows of a fixed length.
 *
 *     ./run deno -A examples/language_models.ts
 *     ./run bun examples/language_models.ts
 *
 * A document is one row, whose one field is the list of its token IDs; the stream of all is one flat column, and a window
 * is so many of its tokens. The model here is the smallest there is: how often each byte follows each other.
 */
import { StreamStore } from "../mod.ts";

const length = 64;
const end = 256; // no byte: where a document ends
const words = ["the", "store", "keeps", "what", "a", "window", "shows", "and", "the", "row", "tells", "when"];

using store = new StreamStore({ token: "uint16" });
for (let document = 0; document < 2000; document++) {
  const text = Array.from({ length: 12 }, (_, i) => words[(document * 7 + i * i) % words.length]).join(" ");
  store.append(document, { token: [...new TextEncoder().encode(text), end] });
}

const sampler = store.sampler({
  tokens: length + 1, // the inputs, and the targets one further
  output: { values: "uint16" }, // as they are stored
  boundary: "cross", // documents follow each other in a window
  order: "shuffle",
  stride: length, // no token is a target twice an epoch
  epochs: 1,
  batchSize: 32,
  seed: 1,
});

const counts = new Float64Array(257 * 257).fill(1 / 257);
const totals = new Float64Array(257).fill(1);
const bits: number[] = [];
let targets = 0;
for (const { values, size } of sampler) {
  let sum = 0;
  for (let window = 0; window < size; window++) {
    for (let at = window * (length + 1), left = length; left > 0; at++, left--) {
      const [token, next] = [values[at], values[at + 1]];
      sum -= Math.log2(counts[257 * token + next] / totals[token]);
      counts[257 * token + next]++;
      totals[token]++;
    }
  }
  targets += size * length;
  bits.push(sum / (size * length));
}
console.log(`${store.rowCount} documents, ${store.length} tokens, ${targets} targets in an epoch`);
console.log(`bits a token in the first batch: ${bits[0].toFixed(2)}`);
console.log(`bits a token in the last batch: ${bits.at(-1)!.toFixed(2)}`);
