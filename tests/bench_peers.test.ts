import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Child } from "../bench/harness/children.ts";
import { findPython, noPython, pythonScript } from "../bench/harness/python.ts";

const python = findPython("numpy");
const skip = python === null && noPython;
const sizes = JSON.stringify({ rows: 5000, steps_appended: 20_000, round_ms: 1 });

// What takes part checks what it is to be timed for, and ends where that is wrong.
async function proveRounds(child: Child, version: RegExp): Promise<void> {
  try {
    assert.match(JSON.parse(await child.answer()).version, version);
    for (let round = 0; round < 3; round++) assert.ok(Number(await child.ask("go")) > 0);
  } finally {
    await child.end();
  }
}

const rows = [
  "append",
  "windows",
  "transitions",
  "sequences",
  "priorities_draw",
  "priorities_update",
  "tokens",
];

for (const row of [...rows, "columns", "offsets"]) {
  test(`the row ${row} of peers is measured on this runtime`, async () => {
    await proveRounds(Child.ofScript("ours", row, sizes), /^(Deno|Bun|Node) \d/);
  });
}

const ofNumpy = [
  "seed append",
  "seed_design columns",
  "numpy_memmap columns",
  "numpy_memmap columns_indexed",
];

for (const peer of [...ofNumpy, "numpy_memmap tokens", "numpy_memmap tokens_indexed"]) {
  test(`the peer ${peer} answers with rounds`, { skip }, async () => {
    await proveRounds(new Child(python!, ["-B", pythonScript("peer.py"), ...peer.split(" "), sizes]), /^\d/);
  });
}

test("every row of peers is one of these, and its cases are there", () => {
  const listed = JSON.parse(runPython(`
import ast, json, pathlib
from rows import ROWS

def names_in(module):
    """What a module defines and the keys of its cases; it is not run, since that takes the peer's packages."""
    nodes = list(ast.walk(ast.parse(pathlib.Path(f"{module}.py").read_text())))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)} | {
        key.value for node in nodes if isinstance(node, ast.Dict) for key in node.keys if isinstance(key, ast.Constant)
    }

for row in ROWS:
    for peer in row.peers:
        assert peer.case in names_in(peer.module), peer
        assert all(pathlib.Path(f"requirements/{needed}.txt").exists() for needed in peer.needs), peer
print(json.dumps(sorted({row.name for row in ROWS})))
`));
  assert.deepEqual(listed, [...rows, "columns", "offsets"].sort());
});

test("a verdict is the median of neighbouring rounds' ratios, and between which two half of them lie", () => {
  const found = JSON.parse(runPython(`
import json
from verdict import text_of, verdict_of
theirs = [10, 20, 40, 80, 160, 320, 640, 1280, 2560]
def of(ratios):
    verdict = verdict_of([ratio * one for ratio, one in zip(ratios, theirs)], theirs)
    return [text_of(verdict), verdict["verdict"]]
print(json.dumps([
    of([0.4, 0.9, 0.1, 0.3, 0.5, 0.6, 0.2, 0.8, 0.7]),
    of([4, 9, 1, 3, 5, 6, 2, 8, 7]),
    of([0.4, 9, 1, 3, 5, 6, 0.2, 0.8, 7]),
    of([0.005] * 9),
]))
`));
  assert.deepEqual(found, [
    ["0.50 (0.30–0.70)", "faster"],
    ["5.00 (3.00–7.00)", "slower"],
    ["3.00 (0.80–6.00)", "the same"],
    ["0.0050 (0.0050–0.0050)", "faster"],
  ]);
});

/** What a script prints that runs among the peers' modules, by any Python. */
function runPython(script: string): string {
  const { stdout, stderr, status } = spawnSync("python3", ["-B", "-c", script], {
    cwd: pythonScript("."),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return stdout;
}
