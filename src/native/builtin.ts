import type nodeProcess from "node:process";

/**
 * The runtime's own modules, each loaded when it is first used: importing them all costs Deno some 40 ms, 17 of them for
 * `node:process` alone, and a temporary store need not pay for them.
 */
export const builtin = {
  get buffer() {
    return builtin.process.getBuiltinModule("node:buffer");
  },
  get crypto() {
    return builtin.process.getBuiltinModule("node:crypto");
  },
  get dns() {
    return builtin.process.getBuiltinModule("node:dns");
  },
  get fs() {
    return builtin.process.getBuiltinModule("node:fs");
  },
  get http() {
    return builtin.process.getBuiltinModule("node:http");
  },
  get https() {
    return builtin.process.getBuiltinModule("node:https");
  },
  get os() {
    return builtin.process.getBuiltinModule("node:os");
  },
  get path() {
    return builtin.process.getBuiltinModule("node:path");
  },
  /** The global one: to import it has Node run all its getters, which takes 6 ms. */
  get process(): typeof nodeProcess {
    return (globalThis as unknown as { process: typeof nodeProcess }).process;
  },
  get threads() {
    return builtin.process.getBuiltinModule("node:worker_threads");
  },
  get timers() {
    return builtin.process.getBuiltinModule("node:timers");
  },
  get zlib() {
    return builtin.process.getBuiltinModule("node:zlib");
  },
};
