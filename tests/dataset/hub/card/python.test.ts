/** What is written into READMEs, read by Python. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Card } from "../../../../src/dataset/hub/card/card.ts";
import { featuresToYaml } from "../../../../src/dataset/hub/card/features.ts";
import { mergeCard } from "../../../../src/dataset/hub/card/merge.ts";
import {
  allFeatures,
  byHand,
  change,
  features,
  labelFeatures,
  made,
  oddLabels,
  plainScalars,
  scalarsReadme,
} from "../../../support/hub/cards.ts";
import { runClient, skipReason } from "../../../support/hub/python.ts";
import { startHub } from "../../../support/hub/server.ts";

interface PythonCard {
  readonly configs: Record<string, unknown>;
  readonly infos: Record<string, { features: unknown; yaml: unknown; splits: unknown; sizes: unknown }>;
  readonly text: string;
}

test(
  "mergeCard() writes what Python reads, and the same YAML of features as Python",
  { skip: skipReason },
  async () => {
    const hub = await startHub();
    try {
      const readmes = [
        mergeCard("", change()),
        mergeCard("---\nlicense: mit\n---\n# Name", change({ features: allFeatures })),
        mergeCard(made, change({ config: "small", features: allFeatures, splits: null })),
      ];
      const { cards } = await runClient<{ cards: PythonCard[] }>(hub, "cards", JSON.stringify(readmes));
      assert.deepEqual(cards[0].configs, {
        default: { data_files: [{ split: "train", path: "data/train-*" }] },
      });
      assert.deepEqual(cards[0].infos.default.splits, { train: [240, 10] });
      assert.deepEqual(cards[0].infos.default.sizes, [999, 240]);
      assert.deepEqual(cards[0].infos.default.features, features);
      assert.equal(cards[1].text, "# Name");
      assert.deepEqual(cards[1].infos.default.yaml, featuresToYaml(allFeatures));
      assert.deepEqual(Object.keys(cards[1].infos.default.features as object), Object.keys(allFeatures));
      assert.deepEqual(Object.keys(cards[2].infos), ["default", "small"]);
      assert.deepEqual(cards[2].infos.small.yaml, featuresToYaml(allFeatures));
    } finally {
      await hub.close();
    }
  },
);

test(
  "Card reads odd labels as PyYAML does, and mergeCard() writes them so",
  { skip: skipReason },
  async () => {
    const hub = await startHub();
    try {
      const readmes = [
        mergeCard("", change({ features: labelFeatures, dataFiles: new Map([["train", oddLabels]]) })),
        mergeCard(`---\n${byHand}---\n`, change({ features: undefined, splits: null })),
        mergeCard("---\n{license: mit}\n---\n", change({ features: labelFeatures })),
        scalarsReadme,
      ];
      const { read } = await runClient<{ read: PythonYaml[] }>(hub, "yaml", JSON.stringify(readmes));
      for (const i of [0, 2]) {
        assert.deepEqual(read[i].features, labelFeatures);
        assert.deepEqual(Object.keys(read[i].features!), Object.keys(labelFeatures));
      }
      assert.deepEqual(read[0].paths, oddLabels);
      assert.deepEqual((read[1].features!.y as { names: string[] }).names, [
        "n",
        "y",
        "N",
        "1e3",
        "08",
        "yes",
      ]);
      assert.deepEqual(read[3].kinds, plainScalars.map(([, kind]) => kind));
      const { list } = new Card(scalarsReadme).values() as { list: unknown[] };
      read[3].values!.forEach((value, i) => {
        if (plainScalars[i][1] === "float") assert.equal(Number(value.replace("inf", "Infinity")), list[i]);
        if (plainScalars[i][1] === "int" || plainScalars[i][1] === "str") {
          assert.equal(value, String(list[i] === 0 ? 0 : list[i]));
        }
      });
    } finally {
      await hub.close();
    }
  },
);

interface PythonYaml {
  readonly features: Record<string, unknown> | null;
  readonly paths: unknown;
  readonly kinds: string[] | null;
  readonly values: string[] | null;
}
