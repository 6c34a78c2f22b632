import assert from "node:assert/strict";
import { type ErrorCode, StreamStoreError } from "../../mod.ts";

/** Whether an error of a dataset has a code, and says what it is to say. */
export function has(code: ErrorCode, what: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof StreamStoreError, `${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^Cannot (read|load|save|write) /);
    assert.match(error.message, what);
    return true;
  };
}
