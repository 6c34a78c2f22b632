/** Asks a route without a server: what passed all checks, made by hand. */
import assert from "node:assert/strict";
import type { StreamStore } from "../../../mod.ts";
import { type Answer, BadQuestion, type Question, type Route } from "../../../src/view/route.ts";

export function question(stores: readonly StreamStore[], query: string, signal?: AbortSignal): Question {
  return {
    query: new URLSearchParams(query),
    header: null,
    signal: signal ?? new AbortController().signal,
    stores: { count: stores.length, get: (index) => stores[index], path: (index) => `store ${index}` },
  };
}

export async function ask(route: Route, stores: readonly StreamStore[], query: string): Promise<Answer> {
  return await route.answer(question(stores, query));
}

export async function askJson<Value>(
  route: Route,
  stores: readonly StreamStore[],
  query: string,
): Promise<Value> {
  const { type, body } = await ask(route, stores, query);
  assert.equal(type, "application/json");
  return JSON.parse(body as string);
}

/** The question is refused with a status and a message, before anything else happens. */
export async function assertRefused(
  route: Route,
  stores: readonly StreamStore[],
  query: string,
  message: string | RegExp,
  status = 400,
): Promise<void> {
  await assert.rejects(
    async () => await ask(route, stores, query),
    (error) => {
      assert.ok(error instanceof BadQuestion, String(error));
      assert.equal(error.status, status, error.message);
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    },
  );
}
