/**
 * An agent's rollouts: a prompt, the completion, its tokens with their log-probabilities, and the reward; a row each.
 *
 *     ./run deno -A examples/agent_rollouts.ts                        pushed to a Hub of its own, which the tests have
 *     HF_TOKEN=hf_… ./run bun examples/agent_rollouts.ts user/name    to the real one
 *
 * The process that collects is killed with SIGKILL in the middle of its work. Every rollout that it said it had is there
 * when the store is opened again, text and numbers alike, and the collecting goes on behind the last one.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../mod.ts";

const rolloutCount = 2000;
const fields = { tokens: "uint16", logprobs: "float32", reward: "float32" } as const;
const extra = { prompt: "string", completion: "string" } as const;

/** An agent that adds, and errs in one digit of twenty. A token is a character here. */
function rollOut(random: () => number) {
  const [a, b] = [Math.floor(1000 * random()), Math.floor(1000 * random())];
  const digits = Array.from(
    String(a + b),
    (digit) => random() < 0.95 ? digit : String(Math.floor(10 * random())),
  );
  const completion = digits.join("");
  return {
    prompt: `${a} + ${b} = `,
    completion,
    tokens: digits.map((digit) => digit.charCodeAt(0)),
    logprobs: digits.map((digit, i) => Math.log(digit === String(a + b)[i] ? 0.955 : 0.005)),
    reward: Number(completion) === a + b ? 1 : 0,
  };
}

/** Goes on behind the last row, and tells of each rollout that is kept. */
/** Waits until there is room in the pipe, which Node alone does not do by itself. */
function tell(row: number): void {
  while (true) {
    try {
      writeSync(1, `${row}\n`);
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
    }
  }
}

function collect(path: string): void {
  using store = StreamStore.open(path, { fields, extra });
  let seed = store.rowCount + 1;
  const random = () => (seed = seed * 48271 % 2147483647) / 2147483647;
  for (let row = store.rowCount; row < rolloutCount; row++) {
    const { prompt, completion, ...numbers } = rollOut(random);
    store.append(row, numbers, { prompt, completion });
    tell(row);
  }
}

/** Has another process collect, and kills it once it has told of so many. Tells how many those were in the end. */
async function collectUntilKilled(path: string, killAfter: number): Promise<number> {
  const flags = "deno" in process.versions ? ["run", "-A", "--no-check"] : process.execArgv;
  const child = spawn(process.execPath, [...flags, fileURLToPath(import.meta.url), "collect", path]);
  let told = "";
  for await (const text of child.stdout) {
    told += text;
    if (told.split("\n").length > killAfter) child.kill("SIGKILL");
  }
  return told.split("\n").length - 1;
}

/** Whoever writes next finds what was appended, whatever became of the process before. */
function countRows(path: string): number {
  using store = StreamStore.open(path, { fields, extra });
  return store.rowCount;
}

interface HubOptions {
  /** Without them those of the real Hub, and HF_TOKEN. */
  readonly endpoint?: string;
  readonly token?: string;
}

async function main(name: string, options: HubOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rollouts-"));
  const path = join(folder, "run.stream");
  try {
    const told = await collectUntilKilled(path, 500);
    const kept = countRows(path);
    console.log(
      `killed after ${told} of ${rolloutCount} rollouts: ${kept >= told ? "all are there" : "some are lost"}`,
    );
    await collectUntilKilled(path, Infinity);
    using store = StreamStore.open(path, { fields, extra });
    await store.saveDataset(name, "train", options);
    const { mean } = store.stats({ fields: ["reward"] }).reward;
    console.log(`pushed ${store.rowCount} rollouts, of which ${(100 * mean).toFixed(0)} % are right`);
    const wrong = store.column("reward").values.indexOf(0);
    console.log(`a wrong one: ${store.extra("prompt").get(wrong)}${store.extra("completion").get(wrong)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [name, path] = process.argv.slice(2);
if (name === "collect") collect(path);
else if (name !== undefined) await main(name, {});
else {
  const { startHub } = await import("../tests/support/hub/server.ts");
  const hub = await startHub();
  await main("user/sums", { endpoint: hub.endpoint, token: hub.token });
  await hub.close();
}
