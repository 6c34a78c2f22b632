/** Sends an answer: at once, or in parts as they come and as fast as they are taken. */
import type { ServerResponse } from "node:http";
import { fixedHeaders } from "./headers.ts";
import type { Answer } from "./route.ts";

export async function send(response: ServerResponse, answer: Answer): Promise<void> {
  const { status = 200, type, body, fileName } = answer;
  const named = fileName === undefined ? {} : { "content-disposition": attachment(fileName) };
  const allowed = status === 405 ? { allow: "GET" } : {};
  const headers = { ...fixedHeaders, "content-type": type, ...named, ...allowed };
  if (typeof body === "string" || body instanceof Uint8Array) {
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    response.writeHead(status, { ...headers, "content-length": bytes.length });
    response.end(bytes);
    return;
  }
  response.writeHead(status, headers);
  for await (const part of body) {
    if (response.destroyed) break;
    if (!response.write(part)) await drained(response);
  }
  response.end();
}

/** Once more can be written, or never will be. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off("drain", end).off("close", end);
      resolve();
    };
    response.on("drain", end).on("close", end);
  });
}

/** Names of files are ours: letters, digits, dots and dashes. */
function attachment(name: string): string {
  return `attachment; filename="${name.replace(/[^\w.-]/g, "_")}"`;
}
