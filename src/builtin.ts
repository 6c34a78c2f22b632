import process from "node:process";

/**
 * The runtime's own modules, each loaded when it is first used: importing them all costs Deno some 20 ms, which a
 * temporary store need not pay.
 */
export const builtin = {
  get crypto() {
    return process.getBuiltinModule("node:crypto");
  },
  get fs() {
    return process.getBuiltinModule("node:fs");
  },
  get http() {
    return process.getBuiltinModule("node:http");
  },
  get https() {
    return process.getBuiltinModule("node:https");
  },
  get os() {
    return process.getBuiltinModule("node:os");
  },
  get path() {
    return process.getBuiltinModule("node:path");
  },
  get timers() {
    return process.getBuiltinModule("node:timers");
  },
};
