/** The bar that shows how far a transfer is: on a terminal, and nowhere else. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { StreamStore } from "../../../mod.ts";
import { type Hub, startHub } from "../../support/hub/server.ts";
import { isDeno, runFlags } from "../../support/runtime.ts";

const here = (name: string) => fileURLToPath(new URL(`../../support/hub/${name}`, import.meta.url));

const skip = findReason();
if (skip !== false) console.log(`The bar is not tested on a terminal: ${skip}`);

function findReason(): string | false {
  try {
    execFileSync("python3", ["-c", "import pty"], { stdio: "ignore" });
    return false;
  } catch {
    return "there is no python3 with pty";
  }
}

/** What the Hub needs in Deno, bar or no bar. Parquet is written by a module that is read from its package's folder. */
const flags = ["--allow-ffi", "--allow-env", "--allow-net=127.0.0.1"];
const saving = ["--allow-read", "--allow-write=/tmp"];

function programOf(args: readonly string[]): string[] {
  const deno = [
    "run",
    "--no-check",
    "--no-prompt",
    "--quiet",
    ...flags,
    ...(args[0] === "save" ? saving : []),
  ];
  return [process.execPath, ...(isDeno ? deno : runFlags), here("transfer.ts"), ...args];
}

function execute(program: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile(program[0], program.slice(1), { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else reject(new Error(`${program.join(" ")}: ${stderr}`));
    });
  });
}

interface Seen {
  readonly status: number;
  readonly output: string;
  readonly shown: string;
}

/** Runs it with a terminal for its errors. */
async function onTerminal(program: readonly string[]): Promise<Seen> {
  return JSON.parse((await execute(["python3", here("terminal.py"), ...program])).stdout);
}

/** A Hub with a dataset in four shards. */
async function withHub(run: (hub: Hub, args: readonly string[]) => Promise<void>): Promise<void> {
  await using hub = await startHub();
  await push(hub, "user/name");
  await run(hub, [hub.endpoint, hub.token]);
}

async function push(hub: Hub, name: string): Promise<void> {
  using store = new StreamStore({ reward: 0 });
  for (let part = 0; part < 4; part++) {
    for (let step = 0; step < 500; step++) {
      store.append(500 * part + step, { reward: (step * 2654435761) % 2 ** 32 / 2 ** 32 });
    }
    const { endpoint, token } = hub;
    await store.saveDataset(name, "train", { endpoint, token, append: true });
  }
}

/** Long enough for a bar, and with pauses in which it is drawn. */
function slow(hub: Hub, times = 4): void {
  hub.faults.add({ host: "hub", path: "/api/", delayMilliseconds: 400, times: 1 });
  hub.faults.add({ host: "storage", delayMilliseconds: 500, times });
}

/** The bar as it was drawn, again and again. */
function drawings(shown: string): string[] {
  return shown.split("\r").filter((line) => line.includes("user/name")).map((line) =>
    line.replace("\x1b[K", "")
  );
}

/** The line was cleared, and nothing came behind. */
function assertGone(shown: string): void {
  assert.ok(shown.endsWith("\r\x1b[2K"), JSON.stringify(shown));
  assert.ok(!shown.includes("\n"));
}

test(
  "loadDataset() shows a bar on a terminal, which is gone at its end",
  { skip },
  () =>
    withHub(async (hub, args) => {
      slow(hub);
      const { status, output, shown } = await onTerminal(programOf(["load", ...args]));
      assert.equal(output, "load: 2000 rows\n");
      assert.equal(status, 0);
      const drawn = drawings(shown);
      assert.ok(drawn.length > 1, shown);
      for (const line of drawn) {
        assert.match(line, /^Loading user\/name \[[=-]{28}\] \d\.\d MB of at most \d\.\d MB$/);
      }
      const done = drawn.map((line) => line.split("=").length);
      assert.deepEqual(done, done.toSorted((a, b) => a - b));
      assert.ok(done.at(-1)! > done[0]);
      assertGone(shown);
      assert.doesNotMatch(shown, /\n/);
    }),
);

test("saveDataset() shows a bar too", { skip }, () =>
  withHub(async (hub, args) => {
    slow(hub);
    const { output, shown } = await onTerminal(programOf(["save", ...args]));
    assert.equal(output, "save: 1000 rows\n");
    assert.match(shown, /\rSaving user\/name \[=+\] \d\.\d MB of \d\.\d MB/);
    assertGone(shown);
  }));

test("loadDataset() that fails takes its bar away", { skip }, () =>
  withHub(async (hub, args) => {
    slow(hub, 3);
    hub.faults.add({ host: "storage", status: 404 });
    const { output, shown } = await onTerminal(programOf(["load", ...args]));
    assert.match(output, /^load: Cannot load user\/name: /);
    assert.ok(drawings(shown).length > 0, shown);
    assertGone(shown);
  }));

test("loadDataset(), twice at the same time, shows one bar", { skip }, () =>
  withHub(async (hub, args) => {
    await push(hub, "user/other");
    slow(hub, 8);
    const { output, shown } = await onTerminal(programOf(["both", ...args]));
    assert.equal(output, "both: 2000 rows\n");
    for (const bar of shown.split("\r\x1b[2K")) {
      assert.ok(!(bar.includes("user/name") && bar.includes("user/other")), JSON.stringify(bar));
    }
    assertGone(shown);
  }));

test("loadDataset() shows nothing of what is over at once", { skip }, () =>
  withHub(async (_, args) => {
    // On a busy machine a load may take so long that it does show a bar: the next one may be quicker.
    let shown = "";
    for (let round = 0; round < 5; round++) {
      const seen = await onTerminal(programOf(["load", ...args]));
      assert.equal(seen.output, "load: 2000 rows\n");
      shown = seen.shown;
      if (shown === "") break;
      assertGone(shown);
    }
    assert.equal(shown, "");
  }));

test(
  "loadDataset() without a token says that reading needs none",
  { skip: !isDeno && "Bun has no permissions" },
  () =>
    withHub(async (hub) => {
      const { stdout } = await execute(programOf(["load", hub.endpoint, ""]));
      assert.equal(stdout, "load: 2000 rows\n");
    }),
);

test(
  "loadDataset() shows no bar with progress: false or onProgress",
  { skip },
  () =>
    withHub(async (hub, args) => {
      for (const options of [{ progress: false }, { onProgress: true }]) {
        slow(hub, 1);
        const { shown } = await onTerminal(programOf(["load", ...args, JSON.stringify(options)]));
        assert.equal(shown, "");
      }
    }),
);

test("loadDataset() shows nothing where the error output is no terminal", () =>
  withHub(async (hub, args) => {
    for (const verb of ["load", "save"]) {
      slow(hub, 1);
      const { stdout, stderr } = await execute(programOf([verb, ...args]));
      assert.equal(stdout, `${verb}: ${verb === "load" ? 2000 : 1000} rows\n`);
      assert.equal(stderr, "");
      hub.faults.clear();
    }
  }));
