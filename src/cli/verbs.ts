/** The verbs of the command line. Each is a module of its own, which is loaded when it is called. */
import type { Command } from "commander";

export interface Verb {
  readonly name: string;
  /** In the list of verbs, and the first line of its own help. */
  readonly summary: string;
  /** Its module adds arguments, options, an example and what it does. One of them has to know all verbs. */
  readonly load: () => Promise<{ readonly define: (command: Command, verbs: readonly Verb[]) => void }>;
}

export const verbs: readonly Verb[] = [
  {
    name: "info",
    summary: "what stores hold: rows, fields, their newest values, who writes them",
    load: () => import("./info.ts"),
  },
  {
    name: "head",
    summary: "the first rows of a store",
    load: () => import("./head.ts"),
  },
  {
    name: "tail",
    summary: "the last rows of a store, and with -f those that are appended",
    load: () => import("./tail.ts"),
  },
  {
    name: "stats",
    summary: "range, mean and quantiles of fields, lengths and sums of episodes",
    load: () => import("./stats.ts"),
  },
  {
    name: "plot",
    summary: "a field over the rows, drawn in the terminal",
    load: () => import("./plot.ts"),
  },
  {
    name: "verify",
    summary: "compares stores with their checksums, and salvages what is whole",
    load: () => import("./verify.ts"),
  },
  {
    name: "sample",
    summary: "batches of windows as a model gets them, with padding and masks",
    load: () => import("./sample.ts"),
  },
  {
    name: "import",
    summary: "a dataset becomes a store: files, folders, LeRobot, the HuggingFace Hub",
    load: () => import("./import.ts"),
  },
  {
    name: "export",
    summary: "a store becomes a dataset: files, folders, LeRobot, the HuggingFace Hub",
    load: () => import("./export.ts"),
  },
  {
    name: "diff",
    summary: "whether two stores hold the same rows, bit for bit",
    load: () => import("./diff.ts"),
  },
  {
    name: "repack",
    summary: "a store anew, with other dtypes or a part of its rows",
    load: () => import("./repack.ts"),
  },
  {
    name: "view",
    summary: "a page in the browser that shows stores, also while they grow",
    load: () => import("./view.ts"),
  },
  {
    name: "send",
    summary: "the rows of a store to NATS JetStream, as they are committed",
    load: () => import("./send.ts"),
  },
  {
    name: "follow",
    summary: "replicas of stores whose rows NATS JetStream has",
    load: () => import("./replicas.ts"),
  },
  {
    name: "completion",
    summary: "a script that a shell completes verbs and options by",
    load: () => import("./completion.ts"),
  },
];
