/** Features as a README has them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Card, findInfo } from "../../../../src/dataset/hub/card/card.ts";
import { featuresFromYaml, featuresToYaml } from "../../../../src/dataset/hub/card/features.ts";
import { mergeCard } from "../../../../src/dataset/hub/card/merge.ts";
import { allFeatures, change, value } from "../../../support/hub/cards.ts";

test("featuresFromYaml() gives features as featuresToYaml() took them", () => {
  const readme = mergeCard("", change({ features: allFeatures }));
  assert.deepEqual(findInfo(new Card(readme).values(), "default")!.features, allFeatures);
  assert.deepEqual(featuresFromYaml(featuresToYaml(allFeatures)), allFeatures);
  const old = [{ name: "a", sequence: "int64" }, {
    name: "b",
    sequence: [{ name: "x", dtype: "bool" }],
    length: 2,
  }];
  assert.deepEqual(featuresFromYaml(old), {
    a: { feature: value("int64"), _type: "List" },
    b: { x: { feature: value("bool"), length: 2, _type: "List" } },
  });
  for (const wrong of [{}, "x", [1], [{ dtype: "int8" }], [{ name: "a" }], [{ name: "a", list: 3 }]]) {
    assert.equal(featuresFromYaml(wrong), null, JSON.stringify(wrong));
  }
});
