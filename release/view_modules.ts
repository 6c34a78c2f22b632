/**
 * Writes the viewer's page, which `./run build` has made, as modules: its program and its style, compressed.
 *
 *     ./run deno run -A release/view_modules.ts
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "src/view/client_modules");

mkdirSync(modules, { recursive: true });
for (const [name, file] of [["script", "client.js"], ["style", "client.css"]]) {
  const gzip = gzipSync(readFileSync(join(root, "build/view", file)), { level: 9 }).toString("base64");
  const text = `// Made by ./run pack: ${file} of the viewer's page.\nexport const ${name} =\n  "${gzip}";\n`;
  writeFileSync(join(modules, `${name}.ts`), text);
}
