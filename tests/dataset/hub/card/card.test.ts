/** Front matter as PyYAML reads it, and such as means harm. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Card } from "../../../../src/dataset/hub/card/card.ts";
import { plainScalars, scalarsReadme } from "../../../support/hub/cards.ts";

test("Card reads plain scalars as PyYAML does", () => {
  const { list } = new Card(scalarsReadme).values() as { list: unknown[] };
  plainScalars.forEach(([text, kind, value], i) => {
    if (kind.startsWith("date")) assert.ok(list[i] instanceof Date, text);
    else assert.ok(Object.is(list[i], value) || (list[i] === 0 && value === 0), `${text}: ${list[i]}`);
  });
  assert.equal((list.at(-1) as Date).toISOString(), "2020-01-01T10:00:45.000Z");
  assert.equal((list.at(-2) as Date).toISOString(), "2020-01-01T12:30:45.500Z");
});

test("Card refuses front matter that would take all memory or time", () => {
  const bombs = [
    `a: ${"[".repeat(200_000)}`,
    `a: ${"[".repeat(50_000)}${"]".repeat(50_000)}`,
    Array.from({ length: 2000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
    ["a0: &a0 [x, x]", ...Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)]
      .join("\n"),
    `a: ${"x".repeat(3_000_000)}`,
  ];
  for (const [i, bomb] of bombs.entries()) {
    const start = performance.now();
    try {
      new Card(`---\n${bomb}\n---\n`).values();
    } catch (error) {
      const code = bomb.length > 2_000_000 ? "file-too-large" : "damaged";
      assert.equal((error as { code?: string }).code, code, `${i}: ${error}`);
    }
    assert.ok(performance.now() - start < 20_000, `${i}: ${performance.now() - start} ms`);
  }
});
