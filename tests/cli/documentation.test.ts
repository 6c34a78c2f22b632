/** docs/command-line.md: every command in it is run, in a folder with the stores that it speaks of. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { root } from "../package/packed.ts";
import { inFolder, shell } from "../support/cli/command.ts";
import { makeRun } from "../support/cli/stores.ts";

const text = readFileSync(`${root}docs/command-line.md`, "utf8");
const blocks = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, code]) => code);

test("the commands in docs/command-line.md work as they stand there", () =>
  inFolder(async (folder) => {
    makeRun(folder, 1000);
    const log = StreamStore.open(join(folder, "log.stream"), { fields: ["value"], retain: { rows: 1000 } });
    log.append(0, { value: 1 });
    log.close();
    for (const block of blocks) {
      const { code, output, errors } = await shell(folder, `set -e; ${block}`);
      assert.deepEqual([code, errors], [0, ""], block);
      assert.notEqual(output, "", block);
    }
  }));

test("docs/command-line.md shows every verb", () => {
  // Some run until they are ended, and are shown as text.
  const shown = [...text.matchAll(/^```\w+\n([^]*?)^```$/gm)].map(([, code]) => code).join("");
  assert.deepEqual(
    verbs.map(({ name }) => name).filter((name) => !shown.includes(`streamstore ${name} `)),
    [],
  );
});
