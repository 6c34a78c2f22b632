/** What calls of the native library are given. */
type Places = Readonly<Record<string, number>>;
type Numbers<Layout> = Readonly<Record<Exclude<keyof Layout, "length">, number>>;

/** Numbers as the native library takes them: each in its place of a layout. */
export function pack<Layout extends Places>(layout: Layout, numbers: Numbers<Layout>): Float64Array {
  const packed = new Float64Array(layout.length);
  for (const [name, number] of Object.entries<number>(numbers)) packed[layout[name]] = number;
  return packed;
}

/** Where no buffer is wanted, one must be passed all the same: an empty one arrives as a null pointer in Deno. */
export const nothing = new Uint8Array(8);
