/** The real Python client, where it is installed: run against a Hub of ours in a home folder of its own. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Hub } from "./server.ts";

const installed = fileURLToPath(new URL("../../../.toolchain/interop/bin/python", import.meta.url));

/** The Python of `./run interop`, or the one that STREAMSTORE_PYTHON names. */
export const python = existsSync(installed) ? installed : process.env.STREAMSTORE_PYTHON;

/** Why the tests that need Python's `datasets` are skipped; `false` where they run. */
export const skipReason = findReason();

function findReason(): string | false {
  if (python === undefined) {
    return "no Python with datasets: neither ./run interop was run nor STREAMSTORE_PYTHON is set";
  }
  try {
    execFileSync(python, ["-c", "import huggingface_hub, datasets, pyarrow"], { stdio: "ignore" });
    return false;
  } catch {
    return `${python} cannot import huggingface_hub, datasets and pyarrow`;
  }
}

/**
 * Runs client.py and gives back the JSON of its last line. The Hub lives in this process and has to answer meanwhile, so
 * that the child is waited for, not blocked on.
 */
export async function runClient<Result>(hub: Hub, command: string, ...parameters: string[]): Promise<Result> {
  const home = mkdtempSync(`${tmpdir()}/hub-home-`);
  try {
    return await new Promise((resolve, reject) => {
      const script = fileURLToPath(new URL("client.py", import.meta.url));
      const options = { env: environment(hub, home), timeout: 120_000 };
      execFile(python!, [script, command, ...parameters], options, (error, output, errors) => {
        if (error === null) resolve(JSON.parse(output.trim().split("\n").at(-1)!));
        else reject(new Error(`client.py ${command} failed:\n${errors}\n${hub.log}`));
      });
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Xet is off because the Hub has none; nothing may go to the real one, and no proxy stands between. */
function environment(hub: Hub, home: string): Record<string, string | undefined> {
  return {
    ...process.env,
    HOME: home,
    HF_HOME: home,
    HF_ENDPOINT: hub.endpoint,
    HF_TOKEN: hub.token,
    HF_HUB_DISABLE_XET: "1",
    HF_HUB_DISABLE_TELEMETRY: "1",
    HF_HUB_DISABLE_PROGRESS_BARS: "1",
    NO_PROXY: "127.0.0.1",
  };
}
