/** Asks a route of the viewer without a server. */
import { type Answer, BadQuestion, type Route } from "../../../src/view/route.ts";
import type { StreamStore } from "../../../mod.ts";

type Query = Readonly<Record<string, string | number | readonly string[]>>;

/** What a page with one store would get, also where it is an error: its text, whole. */
export async function askText(
  route: Route,
  store: StreamStore,
  query: Query,
  { path = "run.stream", header = null, signal = new AbortController().signal }: {
    readonly path?: string;
    readonly header?: string | null;
    readonly signal?: AbortSignal;
  } = {},
): Promise<{ readonly answer: Answer; readonly text: string }> {
  const pairs = Object.entries({ store: 0, ...query }).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, String(one)])
  );
  const stores = { count: 1, get: () => store, path: () => path };
  const answer = await route.answer({ query: new URLSearchParams(pairs), header, stores, signal });
  return { answer, text: await textOf(answer) };
}

/** The same as JSON. */
export async function ask<Asked>(...asked: Parameters<typeof askText>): Promise<Asked> {
  return JSON.parse((await askText(...asked)).text);
}

/** Why a question is refused: status and message. */
export async function refusal(...asked: Parameters<typeof askText>): Promise<string> {
  try {
    await askText(...asked);
  } catch (error) {
    if (error instanceof BadQuestion) return `${error.status} ${error.message}`;
    throw error;
  }
  throw new Error("The question was answered");
}

async function textOf({ body }: Answer): Promise<string> {
  const decoder = new TextDecoder();
  const decoded = (part: string | Uint8Array) => typeof part === "string" ? part : decoder.decode(part);
  if (typeof body === "string" || body instanceof Uint8Array) return decoded(body);
  let text = "";
  for await (const part of body) text += decoded(part);
  return text;
}
