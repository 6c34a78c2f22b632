/**
 * Arrays of callers. Native code is told lengths and trusts them, and what a caller hands over may say anything of
 * itself: a property of its own or a subclass can hide `length`, a getter can detach a buffer or shrink it between a
 * check and the call that relies on it. So every array of a caller passes here: what it is and how long is asked of the
 * engine, by the getters that all typed arrays share, taken when this module is loaded; lists are read once, element by
 * element; and what goes on to native code is checked after the last line of the caller's own code has run.
 */
/** The classes of typed arrays, by name. */
export type TypedArrayName =
  | "Float64Array"
  | "Float32Array"
  | "Float16Array"
  | "BigInt64Array"
  | "BigUint64Array"
  | "Int32Array"
  | "Uint32Array"
  | "Int16Array"
  | "Uint16Array"
  | "Int8Array"
  | "Uint8Array"
  | "Uint8ClampedArray";

/** A typed array of any class. */
export type AnyTypedArray = ArrayBufferView & { readonly length: number; readonly [index: number]: unknown };

type ArrayClass = new (
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
) => AnyTypedArray;

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** A getter as a function of the array, which nothing that happens to the prototype later can change. */
function getter<Value>(name: string | symbol, owner = prototype): (array: unknown) => Value {
  return Function.prototype.call.bind(Object.getOwnPropertyDescriptor(owner, name)!.get!);
}

/** The class of a typed array. Undefined for everything else: also for a DataView, and for a proxy around an array. */
export const kindOf: (value: unknown) => TypedArrayName | undefined = getter(Symbol.toStringTag);

/** Elements; 0 where the buffer is detached, or has shrunk so that the array does not lie within it any more. */
export const lengthOf: (array: ArrayBufferView) => number = getter("length");

/** Bytes; 0 as for `lengthOf`. */
export const byteLengthOf: (array: ArrayBufferView) => number = getter("byteLength");

/** A view as an error shows it: a typed array, or a DataView, whose bytes cannot be asked for once they are gone. */
export function describeView(view: ArrayBufferView): string {
  const kind = kindOf(view);
  if (kind !== undefined) return `a ${kind} of ${byteLengthOf(view)} bytes`;
  try {
    return `a DataView of ${viewLengthOf(view)} bytes`;
  } catch {
    return "a DataView of 0 bytes";
  }
}

const viewLengthOf: (view: ArrayBufferView) => number = getter("byteLength", DataView.prototype);
const byteOffsetOf: (array: ArrayBufferView) => number = getter("byteOffset");
export const bufferOf: (array: ArrayBufferView) => ArrayBufferLike = getter("buffer");
const ownLengthOf: (buffer: unknown) => number = getter("byteLength", ArrayBuffer.prototype);
const elementAt: (array: ArrayBufferView, index: number) => unknown = Function.prototype.call.bind(
  Reflect.get(prototype, "at"),
);

/** By name, as this module has found them. Not every runtime has Float16Array. */
const classes = new Map<TypedArrayName, ArrayClass>(
  ([
    Float64Array,
    Float32Array,
    Reflect.get(globalThis, "Float16Array"),
    BigInt64Array,
    BigUint64Array,
    Int32Array,
    Uint32Array,
    Int16Array,
    Uint16Array,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
  ].filter((found) => found !== undefined) as unknown as (ArrayClass & { name: TypedArrayName })[])
    .map((found) => [found.name, found]),
);

/** Whether there is memory behind a typed array. An array of no elements can have some. */
function isAttached(array: ArrayBufferView): boolean {
  if (lengthOf(array) > 0) return true;
  try {
    // The engine refuses any method of an array whose buffer is detached or has become too short for it.
    elementAt(array, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether other threads may write the memory of a typed array at any time. */
function isShared(array: ArrayBufferView): boolean {
  try {
    // An error takes 10 µs to make, and shared memory is what is rare.
    ownLengthOf(bufferOf(array));
    return false;
  } catch {
    return true;
  }
}

/** The elements that a typed array has now, in the same memory, as an array of the plain class. */
export function plainView<Item extends ArrayBufferView>(array: Item): Item {
  const Class = classes.get(kindOf(array)!)!;
  return new Class(bufferOf(array), byteOffsetOf(array), lengthOf(array)) as unknown as Item;
}

/** The same where nobody can write it meanwhile, and a copy where other threads can. */
export function privateView<Item extends ArrayBufferView>(array: Item): Item {
  const view = plainView(array);
  return isShared(view) ? (view as unknown as Uint8Array).slice() as unknown as Item : view;
}

/** Whether two typed arrays of one buffer have memory in common. */
export function overlaps(one: ArrayBufferView, other: ArrayBufferView): boolean {
  const [begin, otherBegin] = [byteOffsetOf(one), byteOffsetOf(other)];
  return begin < otherBegin + byteLengthOf(other) && otherBegin < begin + byteLengthOf(one);
}

/** Two arrays of many that have memory in common, by their places in the list; null where there are none. */
export function findOverlap(arrays: readonly ArrayBufferView[]): readonly [number, number] | null {
  const placesOf = new Map<ArrayBufferLike, number[]>();
  arrays.forEach((array, place) => {
    const places = placesOf.get(bufferOf(array));
    if (places === undefined) placesOf.set(bufferOf(array), [place]);
    else places.push(place);
  });
  for (const places of placesOf.values()) {
    places.sort((one, other) => byteOffsetOf(arrays[one]) - byteOffsetOf(arrays[other]));
    for (let i = 1; i < places.length; i++) {
      const [one, other] = [places[i - 1], places[i]];
      if (overlaps(arrays[one], arrays[other])) return one < other ? [one, other] : [other, one];
    }
  }
  return null;
}

/** A list of the caller's: a typed array, or an array, which may be a proxy around one or hold getters. */
export type List = AnyTypedArray | readonly unknown[];

/** What engines hold of numbers in a plain list. Without a bound a proxy could claim any length. */
const listMax = 2 ** 27;

/** Whether something is a list of numbers by its kind. Its elements have not been looked at. */
export function isList(value: unknown): value is List {
  return kindOf(value) !== undefined || Array.isArray(value);
}

/**
 * Calls back with every element of a list, each read once. The caller's own code may run in this; it ends with the
 * first element that `visit` refuses by throwing, so that a list costs no more memory than it has elements to show.
 *
 * @param name As messages begin: `Cannot gather: starts`.
 * @returns The number of elements.
 */
export function readElements(
  name: string,
  list: List,
  visit: (element: unknown, index: number) => void,
): number {
  const length = kindOf(list) === undefined
    ? plainLength(name, list.length)
    : attachedLength(name, list as AnyTypedArray);
  for (let i = 0; i < length; i++) visit(list[i], i);
  return length;
}

/** Memory that was taken away reads as an empty list, which is not what anybody means to hand over. */
export function attachedLength(name: string, array: ArrayBufferView): number {
  if (isAttached(array)) return lengthOf(array);
  throw new TypeError(
    `${name} must have a buffer that is attached and holds it, got a detached or a smaller one`,
  );
}

/** What is made room for before the elements of a list have been seen. */
const trustedLength = 2 ** 16;

/** The numbers of a list, in memory of their own. `toNumber` gets what no array of numbers holds, and may refuse it. */
export function readNumbers(
  name: string,
  list: List,
  toNumber: (element: unknown, index: number) => number,
): Float64Array {
  const kind = kindOf(list);
  if (kind !== undefined && !kind.startsWith("Big")) {
    attachedLength(name, list as AnyTypedArray);
    return new Float64Array(list as Float64Array);
  }
  const length = kind === undefined
    ? plainLength(name, list.length)
    : attachedLength(name, list as AnyTypedArray);
  let numbers = new Float64Array(Math.min(length, trustedLength));
  for (let i = 0; i < length; i++) {
    const element: unknown = list[i];
    if (i === numbers.length) numbers = enlarged(numbers, length);
    numbers[i] = typeof element === "number" ? element : toNumber(element, i);
  }
  return numbers;
}

function enlarged(numbers: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.min(length, 2 * numbers.length));
  larger.set(numbers);
  return larger;
}

/** The length of an array, which a proxy can make anything. */
function plainLength(name: string, length: unknown): number {
  if (Number.isInteger(length) && (length as number) >= 0 && (length as number) <= listMax) {
    return length as number;
  }
  throw new RangeError(
    `${name} must be a typed array, or a list of at most ${listMax}, got a list of length ${
      typeof length === "number" ? length : `${typeof length}`
    }`,
  );
}
