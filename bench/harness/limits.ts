/**
 * What the machine can do, as zig/limits/limits.zig measures it: the same bytes written, copied or read by the plainest
 * native code, in the same process and in turn with the store.
 */
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../../mod.ts";
import { openLibrary } from "../../src/native/library.ts";

const symbols = {
  sl_file_open: { args: ["buffer", "u32"], result: "i32" }, // directory, directory_bytes
  sl_file_extend: { args: ["i32", "f64", "f64"], result: "i32" }, // file, offset_bytes, length_bytes
  sl_file_write: { args: ["buffer", "u32", "buffer", "u32"], result: "i32" }, // plan, write_count, source, source_bytes
  sl_file_close: { args: ["i32"], result: "void" }, // file
  sl_tail_write: {
    args: ["buffer", "buffer", "buffer", "u32", "buffer", "u32", "buffer"],
    result: "void",
  }, // state, records, values, step_count, counts, field_count, step_values
  sl_window_copy: {
    args: ["buffer", "u32", "u32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer"],
    result: "void",
  }, // starts, window_count, window_length, steps, types, data, out_steps, out_types, out_values
  sl_values_copy: { args: ["buffer", "u32", "u32", "buffer", "buffer"], result: "void" }, // starts, window_count, window_length, data, out_values
  sl_values_narrow: { args: ["buffer", "u32", "u32", "buffer", "buffer"], result: "void" }, // the same, into float32
  sl_rows_copy: { args: ["buffer", "u32", "u32", "u32", "u32", "buffer", "buffer"], result: "void" }, // starts, window_count, row_count, row_cells, field_cells, data, out
  sl_tokens_draw: { args: ["f64", "u32", "u32", "f64", "buffer", "buffer"], result: "void" }, // seed, window_count, window_length, token_count, data, out
  sl_token_copy: {
    args: ["buffer", "u32", "buffer", "buffer", "buffer", "buffer", "buffer", "buffer"],
    result: "void",
  }, // indices, index_count, steps, types, data, out_steps, out_types, out_values
  sl_types_sum: { args: ["buffer", "f64"], result: "f64" }, // types, token_count
  sl_column_copy: { args: ["buffer", "buffer", "f64", "i32", "buffer"], result: "f64" }, // types, data, token_count, type, out_values
  sl_places_copy: { args: ["buffer", "u32", "u32", "u32", "f64", "buffer"], result: "void" }, // starts, window_count, window_length, element_bytes, address, out
  sl_bytes_copy: { args: ["buffer", "buffer", "f64"], result: "void" }, // to, from, byte_count
  sl_store_lengthen: { args: ["buffer", "u32", "f64", "f64"], result: "i32" }, // directory, directory_bytes, token_count, row_count
} as const;

const suffix = process.platform === "darwin" ? "dylib" : "so";
export const limitsPath = fileURLToPath(
  new URL(`../../build/lib/libstreamstore_limits.${suffix}`, import.meta.url),
);

/** The functions of the limits library. */
export const native = await openLibrary(limitsPath, symbols);

/** One piece that goes to a file: which of the files, and how many bytes. */
export interface Piece {
  readonly file: number;
  readonly byteLength: number;
}

/** Plain files beside the store's own: on the same file system, without a name, reserved before they are written. */
export class LimitFiles {
  readonly #files: Int32Array;
  readonly #ends: Float64Array;
  readonly #reserved: Float64Array;

  constructor(count: number) {
    const directory = new TextEncoder().encode(tmpdir());
    this.#files = Int32Array.from({ length: count }, () => native.sl_file_open(directory, directory.length));
    this.#ends = new Float64Array(count);
    this.#reserved = new Float64Array(count);
    if (this.#files.some((file) => file < 0)) throw new Error(`Cannot make a file in ${tmpdir()}`);
  }

  /** Reserves space for `byteLength` more bytes behind what each file has reserved. */
  reserve(byteLength: number): void {
    for (const [i, file] of this.#files.entries()) {
      if (native.sl_file_extend(file, this.#reserved[i], byteLength) !== 0) {
        throw new Error(`Cannot reserve ${byteLength} bytes in ${tmpdir()}`);
      }
      this.#reserved[i] += byteLength;
    }
  }

  /** Lays out writes of pieces behind what was planned before; `write` makes them. */
  plan(pieces: readonly Piece[]): Float64Array {
    const plan = pieces.flatMap(({ file, byteLength }) => {
      const offset = this.#ends[file];
      this.#ends[file] += byteLength;
      return [this.#files[file], offset, byteLength];
    });
    return Float64Array.from(plan);
  }

  /** Makes planned writes, each with the first bytes of `source`. This is what is timed. */
  write(plan: Float64Array, source: Uint8Array): void {
    if (native.sl_file_write(plan, plan.length / 3, source, source.length) !== 0) {
      throw new Error(`Cannot write to a file in ${tmpdir()}`);
    }
  }

  close(): void {
    for (const file of this.#files) native.sl_file_close(file);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A store too long to be written here, made of holes: 100 GB of tokens of step 0, type 0 and value 0. */
export const largeStore = { fields: { zero: 0 }, tokenCount: 5e9, rowCount: 5e8 } as const;

/** Makes a large store, and closes it. */
export function makeLargeStore(path: string): void {
  StreamStore.open(path, { fields: largeStore.fields, mode: "create" }).close();
  lengthen(path, largeStore.tokenCount, largeStore.rowCount);
}

/** Makes an empty store as long as wanted, of holes. */
export function lengthen(path: string, tokenCount: number, rowCount: number): void {
  const directory = new TextEncoder().encode(path);
  if (native.sl_store_lengthen(directory, directory.length, tokenCount, rowCount) === 0) return;
  throw new Error(`Cannot make files of ${tokenCount} tokens in ${path}`);
}
