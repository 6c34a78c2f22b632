/** Sealed stores: closed for good, with a checksum of all their files. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  cpSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { StreamStore, StreamStoreError } from "../../mod.ts";
import { runFlags } from "../support/runtime.ts";
import { withDirectory } from "../torture/scratch.ts";

const fields = { observation: { type: 0, dtype: "float32" }, done: { type: 1, dtype: "bool" } } as const;

function sealed(path: string, rowCount = 5000): void {
  const store = StreamStore.open(path, { fields, extra: { prompt: "string" } });
  for (let row = 0; row < rowCount; row++) {
    store.append(row, { observation: [row, -row], done: row % 100 === 99 }, { prompt: `row ${row}` });
  }
  store.seal();
  assert.ok(store.isClosed);
}

const codeIs = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof StreamStoreError && error.code === code && message.test(error.message);

/** The bytes of all files, by name. */
const contentOf = (path: string) =>
  Object.fromEntries(
    readdirSync(path).sort().map((name) => [name, readFileSync(`${path}/${name}`).toString("hex")]),
  );

test("seal() closes a store for good: it is read, and appending says sealed and changes nothing", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    sealed(path);
    const before = contentOf(path);
    for (const options of [undefined, { mode: "append" }, { fields }] as const) {
      assert.throws(
        () => StreamStore.open(path, options),
        codeIs("sealed", /^Cannot open the store .*: it is sealed/),
      );
    }
    assert.throws(
      () => StreamStore.open(path, { fields, mode: "create" }),
      codeIs("already-exists", /there is one/),
    );
    using store = StreamStore.open(path, { mode: "read" });
    assert.equal(store.rowCount, 5000);
    assert.deepEqual(store.row(4999).observation, Float32Array.of(4999, -4999));
    assert.equal(store.extra("prompt").get(17), "row 17");
    assert.equal(store.refresh(), false);
    assert.throws(
      () => store.seal(),
      codeIs("read-only", /^Cannot seal the store: the store is open for reading only/),
    );
    const sampler = store.sampler({
      steps: 4,
      fields: { observation: 2 },
      episodes: { end: "done" },
      seed: 1,
    });
    assert.equal(sampler.next()!.size, 256);
    assert.deepEqual(contentOf(path), before);
  }));

test("seal() lists every file of the store, with what sha256sum says of it", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    sealed(path);
    const { files } = JSON.parse(readFileSync(`${path}/seal`, "utf8"));
    const names = files.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, readdirSync(path).filter((name) => name !== "seal").sort());
    for (const { name, bytes, sha256 } of files) {
      assert.equal(statSync(`${path}/${name}`).size, bytes);
      const { stdout, error } = spawnSync("sha256sum", [`${path}/${name}`], { encoding: "utf8" });
      if (error === undefined) assert.equal(stdout.split(" ")[0].replace("\\", ""), sha256, name);
    }
  }));

test("verify() finds any changed byte of a sealed store, and open() any file that is shorter, longer or gone", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/run.stream`;
    sealed(path);
    const copy = `${directory}/copy.stream`;
    for (const name of readdirSync(path).filter((name) => name !== "seal")) {
      const size = statSync(`${path}/${name}`).size;
      for (const change of ["cut", "longer", "gone", "changed"]) {
        cpSync(path, copy, { recursive: true });
        const file = `${copy}/${name}`;
        if (change === "cut") {
          if (size === 0) continue;
          truncateSync(file, size - 1);
        } else if (change === "longer") truncateSync(file, size + 1);
        else if (change === "gone") rmSync(file);
        else {
          // The last byte of the head, and of most files, has no meaning to anybody.
          if (size === 0 || name === "store.json") continue;
          const last = openSync(file, "r+");
          writeSync(last, Uint8Array.of(readFileSync(file).at(-1)! ^ 1), 0, 1, size - 1);
          closeSync(last);
        }
        if (change !== "changed") {
          const wanted = name === "store.json"
            ? /Cannot open/
            : new RegExp(`: ${name.replace(".", "\\.")} must have the`);
          const found = change === "gone" && name === "store.json" ? "not-found" : "damaged";
          if (name === "store.json" && change !== "gone") {
            assert.throws(() => StreamStore.open(copy, { mode: "read" }), StreamStoreError);
          } else {assert.throws(
              () => StreamStore.open(copy, { mode: "read" }),
              codeIs(found, wanted),
              `${name} ${change}`,
            );}
        } else {
          const damaged = await verified(copy);
          assert.ok(damaged === null || damaged.includes(name), `${name}: ${damaged}`);
        }
        rmSync(copy, { recursive: true });
      }
    }
    const seal = readFileSync(`${path}/seal`, "utf8");
    for (
      const text of [
        "",
        "{}",
        seal.replace(/"bytes": \d+/, '"bytes": 1'),
        seal.replace(/"id": "./, '"id": "x'),
      ]
    ) {
      const file = openSync(`${path}/seal`, "w");
      writeSync(file, text);
      closeSync(file);
      assert.throws(() => StreamStore.open(path, { mode: "read" }), codeIs("damaged", /its seal must/));
    }
  }));

/** The files that are damaged; null where the store cannot even be opened. */
async function verified(path: string): Promise<string[] | null> {
  let store: StreamStore;
  try {
    store = StreamStore.open(path, { mode: "read" });
  } catch {
    return null;
  }
  try {
    return (await store.verify()).damaged.map(({ file }) => file);
  } finally {
    store.close();
  }
}

test("seal() refuses a temporary store, which then goes on", () => {
  using store = new StreamStore(fields);
  assert.throws(() => store.seal(), codeIs("unsupported", /it must be in a directory, got a temporary one/));
  store.append(0, { done: true });
  assert.equal(store.rowCount, 1);
});

test("seal() works on a store that drops its oldest rows", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/log.stream`;
    const store = StreamStore.open(path, {
      fields: { reward: 0 },
      retain: { rows: 70_000 },
      capacity: 65_536,
    });
    const step = Float64Array.from({ length: 300_000 }, (_, row) => row);
    store.appendColumns({ step, reward: step });
    store.seal();
    assert.deepEqual(await verified(path), []);
    using reader = StreamStore.open(path, { mode: "read" });
    assert.equal(reader.rowCount, 300_000);
    assert.ok(reader.firstRow > 0);
  }));

const read = `
import { StreamStore } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
using store = StreamStore.open(process.argv.at(-1), { mode: "read" });
const sampler = store.sampler({ steps: 4, fields: { observation: 2 }, episodes: { end: "done" }, seed: 1 });
console.log(store.rowCount, sampler.next().size, (await store.verify()).damaged.length);
`;

/** A program that reads the store, alone or by another program that starts it. */
function readBy(path: string, starter: readonly string[] = []) {
  const script = `${path}.ts`;
  const file = openSync(script, "w");
  writeSync(file, `import process from "node:process";\n${read}`);
  closeSync(file);
  const [program, ...args] = [...starter, process.execPath, ...runFlags, script, path];
  return spawnSync(program, args, { encoding: "utf8" });
}

/** Whether this user may have mounts of its own: it takes root, and a system that allows it. */
const canMount = spawnSync("unshare", ["--mount", "true"]).status === 0;
const noMount = canMount ? false : "this user cannot have mounts of its own";
if (noMount !== false) console.log(`Not run: a sealed store on a read-only mount: ${noMount}`);

test(
  "seal() leaves a store that is read from a mount for reading only",
  { skip: noMount },
  () =>
    withDirectory((directory) => {
      const path = `${directory}/run.stream`;
      sealed(path);
      const mount =
        `mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/x" 2>/dev/null && exec "$@"`;
      const { status, stdout, stderr } = readBy(path, ["unshare", "--mount", "sh", "-c", mount, path]);
      assert.equal(status, 0, stderr);
      assert.equal(stdout, "5000 256 0\n");
    }),
);

test("seal() leaves a store that is read from a directory without write permission", () =>
  withDirectory((directory) => {
    const path = `${directory}/run.stream`;
    sealed(path);
    const entries = readdirSync(path).map((name) => `${path}/${name}`);
    for (const entry of entries) chmodSync(entry, 0o444);
    chmodSync(path, 0o555);
    try {
      const { status, stdout, stderr } = readBy(path);
      assert.equal(status, 0, stderr);
      assert.equal(stdout, "5000 256 0\n");
    } finally {
      chmodSync(path, 0o755);
    }
  }));
