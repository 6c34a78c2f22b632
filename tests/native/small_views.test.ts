/** Views of which parts of a column share a buffer, as Bun has them, over memory that stands for a store's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { smallViews } from "../../src/native/small_views.ts";
import type { ColumnViews, ViewState } from "../../src/native/runtime.ts";
import { Random } from "../support/support.ts";

const first = 3;
const count = 150_001;
const firstAddress = 1 << 20;

/** Memory of which each byte follows from its address, at one for the types and at another for the values. */
function memory(address = firstAddress, length = count): { views: ColumnViews; mapped: number[] } {
  const dataAddress = address + 8 * length;
  const mapped: number[] = [];
  const { columnViews } = smallViews((from, byteLength) => {
    mapped.push(byteLength);
    const [start, end] = from < dataAddress
      ? [address, address + length]
      : [dataAddress, dataAddress + 8 * length];
    assert.ok(from >= start && byteLength > 0 && from + byteLength <= end, `${byteLength} bytes at ${from}`);
    return from < dataAddress
      ? Uint8Array.from({ length: byteLength }, (_, i) => (from + i) % 251).buffer
      : Float64Array.from({ length: byteLength / 8 }, (_, i) => (from - dataAddress) / 8 + i + address)
        .buffer;
  });
  const state: ViewState = { store: 1, count: 0, mustBlank: false };
  const range = (at: number, byteLength: number) => ({
    address: BigInt(at),
    byteLength: BigInt(byteLength),
    first,
  });
  const [types, data] = [range(address, length), range(dataAddress, 8 * length)];
  return {
    views: columnViews({ ...types, elementBytes: 1 }, { ...data, kind: "float64" }, state, {}),
    mapped,
  };
}

function assertRight(views: ColumnViews, at: number, length: number, address = firstAddress): void {
  const values = Float64Array.from({ length }, (_, i) => address + at + i);
  assert.deepEqual(views.values(first + at, length), values);
  assert.deepEqual(views.bits(first + at, length), new BigUint64Array(values.buffer));
  assert.deepEqual(views.types(first + at, length), Uint8Array.from(values, (value) => value % 251));
}

test("windows of any length show their elements, wherever parts end, and though buffers were transferred", () => {
  const { views } = memory();
  const random = new Random(19);
  let place = 0;
  for (let round = 0; round < 3000; round++) {
    if (round % 50 === 0) place = random.below(count);
    const length = [0, 1, 2, 128, random.below(9000)][round % 5];
    const at = Math.min(count - length, place + random.below(3000));
    assertRight(views, at, length);
    if (length > 0 && round % 17 === 0) {
      const { buffer } = views.values(first + at, length);
      structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    }
  }
  for (const [at, length] of [[0, count], [count - 1, 1], [count, 0], [8191, 1], [8192, 1], [8191, 2]]) {
    for (let look = 0; look < 5; look++) assertRight(views, at, length);
  }
  views.detach();
});

test("windows of parts that would have one place, of a column and of others, show their own elements", () => {
  const length = 8192 * 600;
  const addresses = Array.from({ length: 130 }, (_, i) => firstAddress + 9 * length * i);
  const all = addresses.map((address) => memory(address, length));
  for (let look = 0; look < 5; look++) {
    for (const part of [0, 256, 512]) assertRight(all[0].views, 8192 * part, 10, addresses[0]);
  }
  for (let look = 0; look < 5; look++) assertRight(all[0].views, 0, 10, addresses[0]);
  for (let look = 0; look < 5; look++) {
    assertRight(all[128].views, 0, 10, addresses[128]);
    for (const i of all.keys()) assertRight(all[i].views, 8192 * i, 10, addresses[i]);
  }
  for (const { views } of all) views.detach();
});

test("windows that are near each other share a buffer of 64 KiB, and those that are not have their own", () => {
  const { views, mapped } = memory();
  const shared = Array.from({ length: 64 }, (_, i) => views.values(first + 128 * i, 128));
  assert.deepEqual(mapped, [1024, 1024, 65_536]);
  assert.equal(new Set(shared.map(({ buffer }) => buffer)).size, 3);
  mapped.length = 0;
  const random = new Random(3);
  const seen: number[] = [];
  while (seen.length < 18) {
    const part = random.below(18);
    if (!seen.includes(part)) seen.push(part);
  }
  for (const part of seen.filter((part) => part > 0)) views.values(first + 8192 * part + 5, 128);
  assert.deepEqual(mapped, Array(17).fill(1024));
  views.detach();
});

test("there are no more than 256 buffers that windows share, and none of a store once it is closed", () => {
  const all = Array.from({ length: 30 }, () => memory());
  const look = ({ views, mapped }: (typeof all)[0], part: number): boolean => {
    const before = mapped.length;
    views.values(first + 8192 * part, 100);
    return mapped.length === before;
  };
  for (const store of all) {
    for (let i = 0; i < 18 * 20; i++) look(store, i % 18);
  }
  let held = 0;
  for (const store of all) {
    for (let part = 0; part < 18; part++) held += Number(look(store, part));
  }
  assert.ok(held > 100 && held <= 256, `${held} shared buffers`);
  for (const store of all) {
    store.views.detach();
    assert.equal(look(store, 0), false);
  }
});
