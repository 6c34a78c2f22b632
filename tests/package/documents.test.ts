/** README.md, ARCHITECTURE.md and docs/: their code runs, on every runtime. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findPython, noPython } from "../../bench/harness/python.ts";
import { StreamStore } from "../../mod.ts";
import { startHub } from "../support/hub/server.ts";
import { runFlags } from "../support/runtime.ts";
import { blocksOf, documents, run } from "./document_blocks.ts";
import { isDeno, root } from "./packed.ts";

async function inScratch(task: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "streamstore-documents-"));
  try {
    await task(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Beside the package, by whose name they import it. */
const place = `${root}build/documents.${process.pid}`;

function written(path: string): string[] {
  return blocksOf(path, "ts").map((code, index) => {
    const file = `${place}/${path}-${index}.ts`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
    return file;
  });
}

const child = fileURLToPath(new URL("document_child.ts", import.meta.url));
const flags = [...runFlags, ...isDeno ? ["--config", `${root}deno.json`] : []];

for (const path of documents) {
  const count = blocksOf(path, "ts").length;
  if (count === 0) continue;
  test(`${path}: its code runs, ${count} blocks of it`, () =>
    inScratch(async (folder) => {
      const hub = await startHub();
      try {
        const files = written(path);
        // What is said of the Hub is done at one that the tests have.
        const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: hub.token };
        const { status, output } = await run(process.execPath, [...flags, child, ...files], folder, env);
        assert.equal(status, 0, output);
      } finally {
        await hub.close();
        rmSync(place, { recursive: true, force: true });
      }
    }));
}

const python = findPython("numpy");
const skip = python === null && `${noPython}: no Python has numpy`;

for (const path of documents) {
  const blocks = blocksOf(path, "python");
  if (blocks.length === 0) continue;
  test(
    `${path}: its Python reads a closed store, and cannot change it`,
    { skip },
    () =>
      inScratch(async (folder) => {
        const store = StreamStore.open(`${folder}/run.stream`, { fields: { action: 0, reward: 1 } });
        for (let step = 0; step < 3; step++) store.append(10 * step, { action: [0, 1], reward: step / 2 });
        store.close();
        const log = StreamStore.open(`${folder}/log.stream`, { fields: { action: 0 }, retain: { rows: 9 } });
        log.append(0, { action: [0, 1] });
        log.close();
        const script = `
import numpy as np
${blocks.join("\n")}
for name, found in list(globals().items()):
    if isinstance(found, np.memmap):
        try:
            found[0] = 7
            print("changed", name)
        except ValueError:
            pass
print(json.dumps([values.tolist(), rewards.tolist(), step_of_token.tolist()]) if "rewards" in globals() else values.tolist())
`;
        const { status, output } = await run(python!, ["-c", script], folder);
        assert.equal(status, 0, output);
        const values = "[0.0, 1.0, 0.0, 0.0, 1.0, 0.5, 0.0, 1.0, 1.0]";
        assert.ok(
          [`${values}\n`, `[${values}, [0.0, 0.5, 1.0], [0, 0, 0, 10, 10, 10, 20, 20, 20]]\n`].includes(
            output,
          ),
          output,
        );
      }),
  );
}
if (skip !== false) console.log(`Not run: ${skip}`);
