import assert from "node:assert/strict";
import test from "node:test";

import { isLeaving, isStep } from "../../assets/js/address/steps.js";

test("another map, colour, selection or run is a step to go back over", () => {
  const before = "?run=a&data=d&map=PCA&dims=2&colour=kind";
  for (const after of [
    "?run=a&data=d&map=TSNE&dims=2&colour=kind",
    "?run=a&data=d&map=PCA&dims=3&colour=kind",
    "?run=a&data=d&map=PCA&dims=2&colour=-",
    "?run=a&data=d&map=PCA&dims=2&colour=kind&chosen=1-5",
    "?run=a&data=d&map=PCA&dims=2&colour=kind&set=seed~3",
    "?run=b&data=d&map=PCA&dims=2&colour=kind",
  ])
    assert.equal(isStep(before, after), true, after);
  assert.equal(isStep(`${before}&chosen=1`, before), true);
});

test("what a page fills in, an item in hand and a camera are none", () => {
  assert.equal(isStep("", "?run=a"), false);
  assert.equal(isStep("?run=a", "?run=a&data=d&map=PCA&chosen=1"), false);
  const before = "?run=a&data=d&map=PCA&row=1&code=z1_2";
  assert.equal(isStep(before, "?run=a&data=d&map=PCA&row=7&camera=z1_2_3_4"), false);
  assert.equal(isStep(before, before), false);
});

test("a page that is being left keeps its entry as it was", () => {
  assert.equal(isLeaving("?run=a&data=d&map=PCA", ""), true);
  assert.equal(isLeaving("?run=a&data=d&map=PCA", "?data=d&run=a"), true);
  assert.equal(isLeaving("?run=a&data=d", ""), true);
  assert.equal(isLeaving("", "?data=d"), false);
  assert.equal(isLeaving("?run=a&data=d", "?data=d"), false); // the run was deleted
});
