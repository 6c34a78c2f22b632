/**
 * The page, its style and its program: in a checkout what `./run build` made of `client/`; else what travels in the
 * package, as modules of text that the release writes.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Answer } from "./route.ts";

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>StreamStore</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/client.js"></script>
</head>
<body></body>
</html>
`;

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3"
fill="#0072b2"/><path d="M2 11 5 6l3 3 3-6 3 5" fill="none" stroke="#fff" stroke-width="1.6"/></svg>`;

/** Of text, by the path that it has on the server. */
export type Assets = ReadonlyMap<string, Answer>;

/** All of them, ready to be sent. */
export async function loadAssets(): Promise<Assets> {
  const [script, style] = builtAssets() ?? await packagedAssets();
  return new Map<string, Answer>([
    ["/", { type: "text/html; charset=utf-8", body: page }],
    ["/client.js", { type: "text/javascript; charset=utf-8", body: script }],
    ["/style.css", { type: "text/css; charset=utf-8", body: style }],
    ["/favicon.svg", { type: "image/svg+xml", body: icon }],
    ["/favicon.ico", { type: "image/svg+xml", body: icon }],
  ]);
}

type Files = readonly [script: Uint8Array, style: Uint8Array];

/** Those of a checkout, or null. Modules that came from a registry or a bundler lie in none. */
function builtAssets(): Files | null {
  const { protocol, pathname } = new URL(import.meta.url);
  if (protocol !== "file:" || !pathname.endsWith("/src/view/assets.ts")) return null;
  try {
    const [script, style] = ["client.js", "client.css"].map((name) =>
      new Uint8Array(readFileSync(fileURLToPath(new URL(`../../build/view/${name}`, import.meta.url))))
    );
    return [script, style];
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return null;
    throw error;
  }
}

async function packagedAssets(): Promise<Files> {
  try {
    const [{ script }, { style }] = await Promise.all([
      // @ts-ignore: made at release
      import("./client_modules/script.ts"),
      // @ts-ignore: made at release
      import("./client_modules/style.ts"),
    ]);
    return [unpack(script), unpack(style)];
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error("Cannot open the viewer: its page is missing; a checkout has it made by ./run build");
  }
}

const unpack = (text: string) => new Uint8Array(gunzipSync(Uint8Array.fromBase64(text)));
