import assert from "node:assert/strict";
import test from "node:test";

import { along, stepsOn } from "../../assets/js/map/layers/walk.js";

const t = Array.from({ length: 61 }, (_, m) => -0.25 + m / 40);
const line = t.map((v) => [10 * v, 5 - v]);

test("what lies between two places of a path is between them", () => {
  for (const at of [-0.25, 0, 0.013, 0.5, 1, 1.25]) {
    const [x, y] = along(line, t, at);
    assert.ok(Math.abs(x - 10 * at) < 1e-9 && Math.abs(y - 5 + at) < 1e-9);
  }
});

test("beyond the path it goes on straight", () => {
  assert.ok(Math.abs(along(line, t, 2)[0] - 20) < 1e-9);
});

test("steps go from A to B, evenly", () => {
  const steps = stepsOn(line, t, 9);
  assert.equal(steps.length, 9);
  steps.forEach(([x], m) => assert.ok(Math.abs(x - (10 * m) / 8) < 1e-9));
});
