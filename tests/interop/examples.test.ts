/** What the examples save and push is read by Python's datasets. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withHub } from "../support/hub/calls.ts";
import { runClient } from "../support/hub/python.ts";
import { inFolder } from "../support/saved.ts";
import { runScript, skipReason as skip } from "./python.ts";
import { runFlags } from "../support/runtime.ts";

/** Runs an example in a process of its own. A Hub lives in this one, and has to answer meanwhile. */
function run(name: string, parameter: string, environment: Record<string, string> = {}): Promise<void> {
  const path = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const options = { env: { ...process.env, ...environment } };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...runFlags, path, parameter], options, (error, output, errors) => {
      if (error === null) resolve();
      else reject(new Error(`${name} failed:\n${output}\n${errors}`));
    });
  });
}

interface Rollouts {
  readonly features: Readonly<Record<string, unknown>>;
  readonly splits: {
    readonly train: {
      readonly prompt: readonly string[];
      readonly completion: readonly string[];
      readonly tokens: readonly number[][];
      readonly logprobs: readonly number[][];
      readonly reward: readonly number[];
    };
  };
}

test(
  "rollouts that were pushed are read with their texts and numbers",
  { skip },
  () =>
    withHub(async (hub) => {
      await run("agent_rollouts.ts", "user/sums", {
        HF_ENDPOINT: hub.endpoint,
        HF_TOKEN: hub.token,
        NO_PROXY: "127.0.0.1",
      });
      const { features, splits: { train } } = await runClient<Rollouts>(hub, "load", "user/sums");
      const text = { dtype: "string", _type: "Value" };
      assert.deepEqual([features.prompt, features.completion], [text, text]);
      assert.deepEqual(features.tokens, { feature: { dtype: "uint16", _type: "Value" }, _type: "List" });
      assert.equal(train.prompt.length, 2000);
      for (const [row, prompt] of train.prompt.entries()) {
        const completion = train.completion[row];
        assert.equal(String.fromCharCode(...train.tokens[row]), completion);
        assert.equal(train.logprobs[row].length, completion.length);
        const [, a, b] = /^(\d+) \+ (\d+) = $/.exec(prompt)!;
        assert.equal(train.reward[row], completion === String(BigInt(a) + BigInt(b)) ? 1 : 0);
      }
    }),
);

test("a robot's pictures are read as pictures", { skip }, () =>
  inFolder(async (folder) => {
    await run("robot_camera.ts", join(folder, "pictures"));
    const rows = runScript<{ position: number; size: number[]; brightest: number }[]>(
      "pictures.py",
      folder,
      join(folder, "pictures"),
    );
    assert.equal(rows.length, 1000);
    for (const { position, size, brightest } of rows) {
      assert.deepEqual(size, [128, 8]);
      // The position is a float32, what the camera saw was not.
      assert.ok(Math.abs(position - brightest) < 0.5001, `${brightest} and not ${position}`);
    }
  }));
