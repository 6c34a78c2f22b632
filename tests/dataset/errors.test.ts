import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Field, makeData, Schema, Struct } from "apache-arrow";
import { type ErrorCode, loadLeRobot, StreamStore } from "../../mod.ts";
import { inFile } from "../../src/dataset/decode.ts";
import { openBytes } from "../../src/dataset/files/byte_source.ts";
import { writeParquet } from "../../src/dataset/parquet/write/file.ts";
import type { RowFile } from "../../src/dataset/rows.ts";
import { tableOf } from "../../src/dataset/table/table.ts";
import { openCsv } from "../../src/dataset/text/read/csv.ts";
import { openJson } from "../../src/dataset/text/read/json.ts";
import { errorOf } from "../../src/native/status.ts";
import { fixture } from "../support/dataset.ts";
import { has } from "../support/errors.ts";
import { Random } from "../support/support.ts";

/** What a file may hold that is not what its name says, and what programs are told of it. */
const files: readonly (readonly [name: string, bytes: string | Uint8Array, code: ErrorCode])[] = [
  ["no.parquet", "words", "damaged"],
  ["empty.parquet", "", "damaged"],
  ["encrypted.parquet", "PAR1\0\0\0\0PARE", "unsupported"],
  ["no.arrow", "ARROW1\0\0words", "damaged"],
  ["no.arrows", new Uint8Array([255, 255, 255, 255, 16, 0, 0, 0, 1, 2, 3]), "damaged"],
  ["no.jsonl", "{", "damaged"],
  ["list.jsonl", '{"a": 1}\n[2]\n', "damaged"],
  ["latin1.jsonl", new Uint8Array([0x7b, 0x22, 0xe4, 0x22, 0x7d, 10]), "damaged"],
  ["open.json", '[{"a": 1}', "damaged"],
  ["more.json", '[{"a": 1}] 2', "damaged"],
  ["ragged.csv", "a,b\n1,2\n3\n", "damaged"],
  ["quote.csv", 'a,b\n"1,2\n', "damaged"],
  ["no.csv.gz", "a,b\n1,2\n", "damaged"],
  ["cut.csv.gz", new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), "damaged"],
];

async function inFolder(task: (folder: string, store: StreamStore) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "streamstore-test-"));
  using store = new StreamStore({ a: 0, b: 1 });
  try {
    await task(folder, store);
    assert.equal(store.rowCount, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const [name, bytes, code] of files) {
  test(`loadDataset() says of ${name} that it is ${code}`, async () => {
    await inFolder(async (folder, store) => {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      await assert.rejects(store.loadDataset(path), has(code, new RegExp(name)));
    });
  });
}

test("fromParquet() says not-found of a file that is not there, and of a folder without Parquet", async () => {
  await inFolder(async (folder, store) => {
    await assert.rejects(
      store.fromParquet(join(folder, "none.parquet")),
      has("not-found", /none\.parquet|there/),
    );
    await assert.rejects(store.fromParquet(folder), has("not-found", /must hold files named \*\.parquet/));
  });
});

test("loadDataset() says damaged of a folder whose state.json lists no files", async () => {
  await inFolder(async (folder, store) => {
    writeFileSync(join(folder, "state.json"), "{}");
    await assert.rejects(store.loadDataset(folder), has("damaged", /must list _data_files/));
  });
});

test("saveDataset() says already-exists of a folder that is one dataset itself", async () => {
  await inFolder(async (folder, store) => {
    mkdirSync(join(folder, "own"));
    writeFileSync(join(folder, "own", "state.json"), "{}");
    await assert.rejects(
      store.saveDataset(join(folder, "own"), "train", { format: "disk" }),
      has("already-exists", /must be a folder of splits/),
    );
  });
});

test("saveDataset() says damaged of a dataset_dict.json that is no JSON, and leaves it", async () => {
  await inFolder(async (folder, store) => {
    writeFileSync(join(folder, "dataset_dict.json"), "{");
    await assert.rejects(
      store.saveDataset(folder, "train", { format: "disk" }),
      has("damaged", /dataset_dict\.json: /),
    );
  });
});

test("loadDataset() says of a state.json that is no file which one it is", async () => {
  await inFolder(async (folder, store) => {
    writeFileSync(join(folder, "x.csv"), "a\n1\n");
    mkdirSync(join(folder, "state.json"));
    await assert.rejects(
      store.loadDataset(folder),
      has("not-a-file", /Cannot read .*state\.json: there must be a file, got a directory$/),
    );
  });
});

/** Text of many chunks, of which the first can be read before the file is cut off. */
const shrinking: Readonly<Record<string, (path: string) => Promise<RowFile>>> = {
  "x.csv": (path) => openCsv(path, {}),
  "x.jsonl": openJson,
  "x.json": openJson,
  "x.csv.gz": (path) => openCsv(path, {}),
};

for (const [name, open] of Object.entries(shrinking)) {
  test(`loadDataset() says damaged of ${name} that shrinks while it is read`, async () => {
    await inFolder(async (folder) => {
      const path = join(folder, name);
      const random = new Random(1);
      const rows = Array.from({ length: 1_500_000 }, () => {
        const number = random.below(2 ** 32);
        return name.includes("json") ? `{"a":${number}}` : `${number}`;
      });
      const text = name === "x.json" ? `[${rows.join(",\n")}]` : `a\n${rows.join("\n")}\n`;
      const bytes = name.endsWith(".gz")
        ? gzipSync(text, { level: 1 })
        : text.slice(name === "x.jsonl" ? 2 : 0);
      writeFileSync(path, bytes);
      const file = await open(path);
      try {
        truncateSync(path, 5_000_000);
        const wanted = { fields: [], extras: [], keys: [], nanForNull: false };
        await assert.rejects(
          Array.fromAsync(file.blocks(wanted, "load a dataset")),
          has("damaged", /: it must keep its \d+ bytes while it is read, got 5000000$/),
        );
      } finally {
        await file.close();
      }
    });
  });
}

test("openBytes() says of what it cannot read which file it is of", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "x");
    writeFileSync(path, "12345678");
    const source = await openBytes(path);
    await assert.rejects(
      async () => await source.slice(4, 9),
      has("damaged", /x: bytes 4 to 9 must lie within/),
    );
    truncateSync(path, 5);
    await assert.rejects(async () => await source.slice(4), has("damaged", /x: it must keep its 8 bytes/));
    await source.close();
    await assert.rejects(openBytes(join(path, "y")), has("not-a-directory", /Cannot read .*y: /));
  });
});

test("inFile() gives each kind of failure its code, and names the file", async () => {
  const thrown: readonly [unknown, ErrorCode][] = [
    [Object.assign(new Error("EFBIG: file too large"), { code: "EFBIG" }), "file-too-large"],
    [Object.assign(new Error("EIO: i/o error"), { code: "EIO" }), "input-output"],
    [Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" }), "permission-denied"],
    [new Error("its bytes are odd"), "damaged"],
    ["words", "damaged"],
  ];
  for (const [cause, code] of thrown) {
    await assert.rejects(
      inFile("x.csv", null, () => Promise.reject(cause)),
      has(code, /^Cannot read x\.csv: /),
    );
  }
});

test("loadLeRobot() says file-too-large of a list that no memory should hold", async () => {
  await inFolder(async (folder) => {
    mkdirSync(join(folder, "meta"));
    const path = join(folder, "meta", "info.json");
    writeFileSync(path, "{");
    // Holes: no disk has to hold them.
    truncateSync(path, 500_000_001);
    await assert.rejects(
      loadLeRobot(folder),
      has("file-too-large", /info\.json must have at most 500000000 bytes/),
    );
  });
});

test("loadDataset() says file-too-large of a line that does not end", async () => {
  await inFolder(async (folder, store) => {
    const member = gzipSync(new Uint8Array(4_000_000).fill(120));
    for (const [name, begin] of [["x.csv.gz", "a\n"], ["x.jsonl.gz", "{"], ["x.json.gz", "["]]) {
      const path = join(folder, name);
      const parts = [gzipSync(begin), ...Array<Uint8Array>(70).fill(member)];
      writeFileSync(path, Uint8Array.from(parts.flatMap((part) => [...part])));
      await assert.rejects(store.loadDataset(path), has("file-too-large", /at most 256000000 characters/));
    }
  });
});

test("saveDataset() says internal of what its Parquet writer refuses although the schema was checked", async () => {
  await inFolder(async (folder) => {
    // Parquet has no structs without fields.
    const field = new Field("x", new Struct([]), true);
    const chunks = [makeData({ type: new Struct([]), length: 1, nullCount: 0, children: [] })];
    const path = join(folder, "x.parquet");
    const table = tableOf(new Schema([field]), [{ field, chunks }], 1);
    await assert.rejects(
      writeParquet(path, [table]),
      has("internal", /x\.parquet: parquet-wasm must encode rows 0 to 0/),
    );
  });
});

test("errorOf() says internal of statuses that no caller can have caused, and of those it does not know", () => {
  for (const status of [3, 5, 6, 7, 8, 9, 10, 99]) {
    const { code, message } = errorOf(status, "Cannot append");
    assert.equal(code, "internal");
    assert.match(message, /^Cannot append: ./);
  }
});

test("loadDataset() says unsupported of Arrow buffers that are compressed in a way of later", async () => {
  await inFolder(async (folder) => {
    using store = new StreamStore({ reward: 0 });
    const path = join(folder, "x.arrows");
    const whole = readFileSync(fixture("zstd.arrows"));
    let refused = 0;
    // Zstd is 1, and each such byte may be it: in one of them the number says how buffers are compressed.
    for (let at = whole.indexOf(1); at >= 0; at = whole.indexOf(1, at + 1)) {
      writeFileSync(path, whole.with(at, 7));
      const error = await store.loadDataset(path).catch((error) => error);
      if (error?.code !== "unsupported") continue;
      has("unsupported", /x\.arrows: buffers must be compressed by lz4 \(0\) or zstd \(1\), got 7/)(error);
      refused++;
    }
    assert.ok(refused > 0);
  });
});
