import assert from "node:assert/strict";
import test from "node:test";

import { LOSS_STEPS, losses } from "../../assets/js/shared/colours.js";
import { short } from "../../assets/js/shared/dom.js";

test("neighbours lost go from the first colour over the middle to the last", () => {
  const palette = losses(10),
    at = (l) => [...palette.subarray(4 * l, 4 * l + 3)];
  assert.deepEqual([at(0), at(5), at(10)], LOSS_STEPS);
  assert.deepEqual(at(200), LOSS_STEPS[2]);
  assert.ok(palette.filter((v, k) => k % 4 === 3).every((alpha) => alpha === 255));
});

test("numbers are said in three digits", () => {
  assert.deepEqual([0, 1, -12.3456, 999.4, 1234, 0.0012].map(short), [
    "0",
    "1",
    "-12.3",
    "999",
    "1.2e+3",
    "1.2e-3",
  ]);
});
