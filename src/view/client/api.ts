/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Questions to the server. */

export type Query = Readonly<Record<string, string | number | readonly string[]>>;

/** What the server answered instead of what was asked for. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(message: string, readonly status: number) {
    super(message);
  }
}

/** The address of a route with its query. Lists are names that stand there several times. */
export function addressOf(route: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === "object") value.forEach((one) => search.append(name, one));
    else search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? route : `${route}?${text}`;
}

/** Asks, and throws what the server says where it does not answer. */
export async function askServer(route: string, query: Query, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(addressOf(route, query), signal === undefined ? {} : { signal });
  if (response.ok) return response;
  throw new Refused(await messageOf(response), response.status);
}

async function messageOf(response: Response): Promise<string> {
  try {
    const { error } = await response.json() as { readonly error?: string };
    return error ?? response.statusText;
  } catch {
    return response.statusText;
  }
}
