/** What each part of the library needs in Deno: README's table. Each row works with its flags, and with none less. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { StreamStore } from "../../mod.ts";
import { type Hub, startHub } from "../support/hub/server.ts";
import { Consumer } from "./consumer.ts";
import { isDeno } from "./packed.ts";

const skip = !isDeno && "permissions are Deno's: Bun has none";

let consumer: Consumer;
let hub: Hub;
/** Where stores and datasets lie. */
let data: string;
before(async () => {
  if (skip !== false) return;
  consumer = await Consumer.make();
  hub = await startHub({});
  data = mkdtempSync(join(tmpdir(), "streamstore-permissions-"));
});
after(async () => {
  if (skip !== false) return;
  consumer.close();
  await hub.close();
  rmSync(data, { recursive: true });
});

/** Flags as README writes them: LIBRARY is the folder of the unpacked library, DATA that of stores and datasets. */
type Flags = readonly string[];

function written(flags: Flags): string[] {
  const library = `${consumer.home}/.cache/streamstore`;
  return flags.map((flag) =>
    flag.replace("LIBRARY", library).replace("DATA", data).replace("huggingface.co,*.hf.co", "127.0.0.1")
  );
}

/** Runs a part with the flags, and with each but one; `prepare` undoes what a run has left. */
async function checkRow(part: string, flags: Flags, prints: string, prepare = () => {}): Promise<void> {
  const args = ["permissions.ts", part, data, hub.endpoint, hub.token];
  for (const left of flags) {
    prepare();
    const rest = flags.filter((flag) => flag !== left);
    const [name] = left.split("=");
    const printed = await consumer.attempt(written(rest), args);
    assert.match(printed, new RegExp(`${name}\\b`), `${part} without ${left}`);
    assert.doesNotMatch(printed, new RegExp(`^${part}: `, "m"), `${part} without ${left}`);
  }
  prepare();
  assert.equal(await consumer.attempt(written(flags), args), `${part}: ${prints}\n`);
}

const start = ["--allow-ffi=LIBRARY", "--allow-env=HOME"];
const unpacking = ["--allow-sys=uid", "--allow-read=LIBRARY", "--allow-write=LIBRARY"];

test("installing, which prints the folder of the library", { skip }, async () => {
  const flags = ["--allow-env=HOME", ...unpacking];
  for (const left of flags) {
    const printed = await consumer.attempt(written(flags.filter((flag) => flag !== left)), ["install.ts"]);
    assert.match(printed, new RegExp(`${left.split("=")[0]}\\b`));
  }
  const folder = join(consumer.home, ".cache/streamstore");
  assert.equal(await consumer.attempt(written(flags), ["install.ts"]), `${folder}\n`);
});

test("the first start, where nothing is installed", { skip }, () => {
  const remove = () => rmSync(join(consumer.home, ".cache"), { recursive: true, force: true });
  return checkRow("copies", [...start, ...unpacking], "0,1,2", remove);
});

test("everything that copies from temporary stores, and tables in memory", { skip }, async () => {
  await checkRow("copies", start, "0,1,2");
  await checkRow("tables", start, "100");
});

test("a script in the home folder needs only the library's folder", { skip }, async () => {
  const folder = join(consumer.home, "services/one");
  mkdirSync(folder, { recursive: true });
  cpSync(consumer.folder, folder, { recursive: true, verbatimSymlinks: true });
  const flags = written(["--allow-ffi=LIBRARY"]);
  assert.equal(await consumer.attempt(flags, ["permissions.ts", "copies"], folder), "copies: 0,1,2\n");
  const script = join(folder, "permissions.ts");
  assert.equal(await consumer.attempt(flags, [script, "copies"]), "copies: 0,1,2\n");
  assert.match(await consumer.attempt(["--allow-sys=uid"], [script, "copies"], folder), /--allow-env\b/);
});

test("zero-copy windows", { skip }, async () => {
  await checkRow("windows", ["--allow-ffi", "--allow-env=HOME", ...unpacking.slice(0, 2)], "0,1,2");
  const scoped = await consumer.attempt(written(start), ["permissions.ts", "windows"]);
  assert.match(
    scoped,
    /zero-copy windows need --allow-ffi without a path; gather\(\) copies and works with less/,
  );
});

test("a store in a directory: to write, to read, to sample ahead", { skip }, async () => {
  await checkRow("directory", [...start, "--allow-read=DATA", "--allow-write=DATA"], "written", () => {
    rmSync(join(data, "run.stream"), { recursive: true, force: true });
  });
  await checkRow("reader", [...start, "--allow-read=DATA"], "0,1,2");
  await checkRow("prefetch", [...start, "--allow-read=DATA"], "92");
});

test("datasets in files: to save, to load", { skip }, async () => {
  const remove = () => {
    for (const format of ["disk", "jsonl", "csv"]) {
      rmSync(join(data, format), { recursive: true, force: true });
    }
  };
  await checkRow("save", [...start, "--allow-read=DATA", "--allow-write=DATA"], "100", remove);
  await checkRow("saveParquet", [...start, "--allow-sys=uid", "--allow-read", "--allow-write=DATA"], "100");
  await checkRow("load", [...start, "--allow-read=DATA"], "400");
});

test("to load from the Hub", { skip }, async () => {
  using store = new StreamStore({ reward: 0 });
  for (let step = 0; step < 100; step++) store.append(step, { reward: step });
  await store.saveDataset("user/loaded", "train", { endpoint: hub.endpoint, token: hub.token });
  const flags = ["--allow-ffi=LIBRARY", "--allow-env", "--allow-net=huggingface.co,*.hf.co"];
  await checkRow("hubLoad", flags, "100");
});

test("to save at the Hub", { skip }, async () => {
  const flags = [
    "--allow-ffi=LIBRARY",
    "--allow-env",
    "--allow-sys=uid",
    "--allow-read",
    "--allow-write=/tmp",
  ];
  await checkRow("hub", [...flags, "--allow-net=huggingface.co,*.hf.co"], "100");
});
