import assert from "node:assert/strict";
import test from "node:test";
import { ends, label, ticks } from "../../assets/js/shared/axis.js";

test("ticks are round numbers between the ends", () => {
  assert.deepEqual(ticks(-1430, 1430), [-1000, 0, 1000]);
  assert.deepEqual(ticks(0.012, 0.048), [0.02, 0.04]);
  assert.deepEqual(ticks(0, 1, 4), [0, 0.5, 1]);
  assert.deepEqual(ticks(3, 3), [3]);
});

test("labels have the digits that tell them apart", () => {
  assert.equal(label(-1000, 1000), "-1,000");
  assert.equal(label(0.5, 0.25), "0.5");
  assert.equal(label(0.02, 0.02), "0.02");
  assert.equal(label(0, 0), "0");
});

test("the first steps do not set the scale, and the last value is seen", () => {
  const values = [1e6, ...Array.from({ length: 99 }, (_, i) => 100 - i)];
  const [low, high] = ends(values);
  assert.ok(low < 1 && high < 200);
  const [, top] = ends([...Array(99).fill(0), 7]);
  assert.ok(top > 7);
  const [below, above] = ends([5, 5]);
  assert.ok(below < 5 && above > 5);
});
