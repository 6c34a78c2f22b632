/** The package's types, as strict programs see them. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { Consumer } from "./package/consumer.ts";
import { isDeno, root } from "./package/packed.ts";

let consumer: Consumer;
before(async () => {
  consumer = await Consumer.make();
});
after(() => consumer.close());

const strict = {
  strict: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noPropertyAccessFromIndexSignature: true,
  exactOptionalPropertyTypes: true,
};

test("deno check, with everything strict", { skip: !isDeno && "a command of Deno's" }, async () => {
  const settings = JSON.parse(consumer.read("deno.json"));
  writeFileSync(join(consumer.folder, "deno.json"), JSON.stringify({ ...settings, compilerOptions: strict }));
  await consumer.execute(process.execPath, ["check", "--quiet", "types.ts"]);
  writeFileSync(
    join(consumer.folder, "wrong.ts"),
    consumer.read("types.ts").replace("capacity: 1000", 'capacity: "1000"'),
  );
  await assert.rejects(consumer.execute(process.execPath, ["check", "--quiet", "wrong.ts"]), /TS2322/);
});

const forNpm = { skip: isDeno && "for what npm's layer gives" };

/** Runs tsc, which takes some ten seconds where it also checks the declarations of all packages. */
async function check(
  file: string,
  module: string,
  moduleResolution: string,
  skipLibCheck = true,
): Promise<void> {
  const compilerOptions = {
    ...strict,
    target: "esnext",
    lib: ["esnext", "dom"],
    module,
    moduleResolution,
    skipLibCheck,
    types: ["bun-types"],
    verbatimModuleSyntax: true,
    noEmit: true,
  };
  writeFileSync(join(consumer.folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [file] }));
  await consumer.execute(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--project", "."]);
}

test("tsc, with everything strict and all declarations checked", forNpm, async () => {
  await check("types.ts", "nodenext", "nodenext", false);
});

test("tsc, as a program for a bundler", forNpm, () => check("types.ts", "esnext", "bundler"));

test("tsc finds what is wrong", forNpm, async () => {
  const wrong = consumer.read("types.ts").replace("capacity: 1000", 'capacity: "1000"');
  writeFileSync(join(consumer.folder, "wrong.ts"), wrong);
  await assert.rejects(check("wrong.ts", "esnext", "bundler"), /TS2322/);
});
