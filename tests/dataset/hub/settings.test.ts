/** Where the token and the endpoint come from, and that neither is told to anyone. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { clean } from "../../../src/dataset/hub/http/failure.ts";
import { isHubName } from "../../../src/dataset/dataset_name.ts";
import { type Environment, resolveSettings, tokenPath } from "../../../src/dataset/hub/settings.ts";

/** Runs with a folder that has token files. */
function withHome(files: Record<string, string>, run: (home: string) => void): void {
  const home = mkdtempSync(`${tmpdir()}/hub-settings-`);
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(`${home}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      writeFileSync(`${home}/${path}`, text);
    }
    run(home);
  } finally {
    rmSync(home, { recursive: true });
  }
}

test("resolveSettings() takes the option's token, then HF_TOKEN's, then the command line's", () =>
  withHome(
    { ".cache/huggingface/token": "hf_file\n", "other/token": "hf_other", "mine": "hf_mine" },
    (HOME) => {
      const token = (environment: Environment, option?: string | null) =>
        resolveSettings({ token: option }, { HOME, ...environment }).token;
      assert.equal(token({}), "hf_file");
      assert.equal(token({ HF_TOKEN: "hf_environment" }), "hf_environment");
      assert.equal(token({ HF_TOKEN: "", HUGGING_FACE_HUB_TOKEN: "hf_older" }), "hf_older");
      assert.equal(token({ HF_TOKEN: "hf_environment" }, "hf_option"), "hf_option");
      assert.equal(token({ HF_TOKEN: "hf_environment" }, null), null);
      assert.equal(token({ HF_TOKEN: "hf_environment" }, ""), null);
      assert.equal(token({ HF_HOME: `${HOME}/other` }), "hf_other");
      assert.equal(token({ HF_HOME: "~/other" }), "hf_other");
      assert.equal(token({ HF_HOME: "$HOME/other" }), "hf_other");
      assert.equal(token({ HF_HOME: `${HOME}/other`, HF_TOKEN_PATH: "${HOME}/mine" }), "hf_mine");
      assert.equal(token({ HF_HOME: `${HOME}/none` }), null);
      assert.equal(token({ HF_HOME: `${HOME}/mine` }), null);
      assert.equal(tokenPath({ HOME, XDG_CACHE_HOME: "/cache" }), "/cache/huggingface/token");
    },
  ));

test("resolveSettings() takes what the numbers of retry mean, and names what it takes", () => {
  const resolve = (retry: object) => resolveSettings({ token: null, retry }, {}).retry;
  const all = { attempts: 1, pauseSeconds: 0, timeoutSeconds: 0.5 };
  assert.deepEqual(resolve(all), all);
  // A timer takes a whole number of milliseconds of 32 bits: beyond it would ring at once.
  assert.equal(resolve({ timeoutSeconds: 2_147_483 }).timeoutSeconds, 2_147_483);
  const allowed = {
    attempts: "a number >= 1",
    pauseSeconds: "a number >= 0",
    timeoutSeconds: "a number above 0 and <= 2147483",
  };
  const wrong: [keyof typeof allowed, unknown][] = [
    ...[0, -1, NaN, "5", null].map((value): [keyof typeof allowed, unknown] => ["attempts", value]),
    ...[-1, NaN, "5", null].map((value): [keyof typeof allowed, unknown] => ["pauseSeconds", value]),
    ...[0, -1, NaN, "5", null, 2_147_484, Infinity].map((value): [keyof typeof allowed, unknown] => [
      "timeoutSeconds",
      value,
    ]),
  ];
  for (const [name, value] of wrong) {
    assert.throws(() => resolve({ [name]: value }), (error: Error) => {
      assert.ok(error instanceof RangeError);
      const shown = typeof value === "string" ? `"${value}"` : value;
      assert.equal(
        error.message,
        `Cannot use the Hub: retry.${name} must be ${allowed[name]}, got ${shown}`,
      );
      return true;
    });
  }
});

test("resolveSettings() takes the option's endpoint, then HF_ENDPOINT's, then HuggingFace's", () => {
  const endpoint = (environment: Environment, option?: string) =>
    resolveSettings({ token: null, endpoint: option }, environment).endpoint;
  assert.equal(endpoint({}), "https://huggingface.co");
  assert.equal(endpoint({ HF_ENDPOINT: "" }), "https://huggingface.co");
  assert.equal(endpoint({ HF_ENDPOINT: "http://127.0.0.1:8000/" }), "http://127.0.0.1:8000");
  assert.equal(
    endpoint({ HF_ENDPOINT: "http://a" }, "https://mirror.example/hub/"),
    "https://mirror.example/hub",
  );
  for (const wrong of ["huggingface.co", "file:///etc", "https://a/?x=1", "https://a/#b", ""]) {
    assert.throws(() => endpoint({}, wrong), /endpoint must be like https:\/\/huggingface\.co/, wrong);
  }
});

test("resolveSettings() shows nothing secret in its errors", () => {
  const secret = /hf_secret|passw0rd/;
  const cases: [Parameters<typeof resolveSettings>[0], Environment, RegExp][] = [
    [{ token: "hf_secret\u00e9" }, {}, /the token from the option token must be letters/],
    [{ token: "hf_secret\nX: y" }, {}, /the token from the option token/],
    [{}, { HF_TOKEN: "hf_secret hf_secret" }, /the token from HF_TOKEN/],
    [{ token: null, endpoint: "https://me:passw0rd@hub.example" }, {}, /got one with a password/],
    [{ token: null, retry: { attempts: 0 } }, {}, /retry\.attempts must be a number >= 1, got 0/],
  ];
  for (const [options, environment, message] of cases) {
    assert.throws(() => resolveSettings(options, environment), (error: Error) => {
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.stack}`, secret);
      return true;
    });
  }
  const settings = resolveSettings({ token: "hf_secret" }, {});
  assert.equal(
    clean('no answer from (https://s3.example/a/b?signature=1&x=2) for "Bearer hf_secret"', settings),
    'no answer from (https://s3.example/a/b) for "Bearer (token)"',
  );
});

test("isHubName() tells a repository's name from a path", () => {
  for (const name of ["user/name", "user/name.v2", "User-1/a_b-c", "_a/0"]) assert.ok(isHubName(name), name);
  for (const name of ["./name", "../name", "/user/name", "name", "a/b/c", "user/", "a/.b", "a b/c", "a/b?"]) {
    assert.ok(!isHubName(name), name);
  }
});
