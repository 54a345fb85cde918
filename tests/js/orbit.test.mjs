import assert from "node:assert/strict";
import test from "node:test";

import { CLOSEST } from "../../assets/js/shared/camera.js";
import { Orbit, farFirst, nearest } from "../../assets/js/shared/orbit.js";
import { UNITS } from "../../assets/js/shared/order.js";

const close = (a, b, off = 1e-6) => {
  assert.equal(a.length, b.length);
  a.forEach((v, i) => assert.ok(Math.abs(v - b[i]) <= off, `${a} is not ${b}`));
};
const PLACES = [
  [0, 0, 0],
  [UNITS, UNITS, UNITS],
  [40000, 12345, 60000],
  [3, UNITS, 30000],
];
const orbit = (width = 800, height = 500) => {
  const made = new Orbit();
  made.size(width, height);
  return made;
};
const dot = (a, b) => a.reduce((sum, v, j) => sum + v * b[j], 0);

test("what is under a pixel as deep as a place is that place", () => {
  const seen = orbit();
  Object.assign(seen, { left: 120, top: 40 });
  seen.turn(0.7, -0.4);
  seen.zoom(3, 100, 400);
  for (const place of PLACES) close(seen.toUnit(...seen.toScreen(...place), place), place, 1e-4);
});

test("the graphics card's matrix puts points where the hand finds them", () => {
  const seen = orbit();
  Object.assign(seen, { left: 90, top: 30 });
  seen.turn(2, 1);
  seen.zoom(2, 300, 200);
  const m = seen.matrix;
  for (const place of PLACES) {
    const [x, y, , w] = [0, 1, 2, 3].map(
      (row) => m[row] * place[0] + m[row + 4] * place[1] + m[row + 8] * place[2] + m[row + 12],
    );
    close([((x / w + 1) / 2) * 800, ((1 - y / w) / 2) * 500], seen.toScreen(...place), 0.02);
    assert.ok(Math.abs(1 / w - seen.grow(...place)) < 1e-4);
  }
});

test("so do the numbers the server chooses by, in the map's own units", () => {
  const seen = orbit(),
    low = [-3, 1e4, 0.5],
    side = 0.25;
  seen.turn(-1, 0.3);
  const v = seen.view(low, side);
  for (const place of PLACES) {
    const own = [...place.map((u, j) => low[j] + (u / UNITS) * side), 1],
      [x, y, w] = [0, 4, 8].map((from) => dot(v.slice(from, from + 4), own));
    close([x / w, y / w], seen.toScreen(...place), 1e-3);
  }
});

test("the farthest point lies in the window whichever way the map is turned", () => {
  const seen = orbit(),
    middle = UNITS / 2;
  seen.reach = middle;
  for (let turn = 0; turn < 40; turn++) {
    seen.turn(0.37 * turn, 0.21 * turn);
    for (const [x, y, z] of [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [-0.6, 0.8, 0],
    ]) {
      const [px, py] = seen.toScreen(middle + x * middle, middle + y * middle, middle + z * middle);
      assert.ok(px > 0 && px < 800 && py > 0 && py < 500);
    }
  }
});

test("turning keeps right angles and lengths, and what is near goes with the hand", () => {
  const seen = orbit(),
    [, , near] = seen.axes,
    front = near.map((v) => UNITS / 2 + v * 9000),
    [x, y] = seen.toScreen(...front);
  seen.drag(14, 0);
  assert.ok(seen.toScreen(...front)[0] > x + 5);
  seen.drag(-14, 0);
  close(seen.toScreen(...front), [x, y], 1e-6);
  seen.drag(0, 14);
  assert.ok(seen.toScreen(...front)[1] > y + 5);
  for (let turn = 0; turn < 1000; turn++) seen.turn(0.1, 0.07);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++)
      assert.ok(Math.abs(dot(seen.axes[i], seen.axes[j]) - Number(i === j)) < 1e-9);
});

test("panning takes what it looks at with the hand and keeps it the middle of turning", () => {
  const seen = orbit(),
    before = seen.centre,
    [x, y] = seen.toScreen(...before);
  seen.drag(30, -20, true);
  close(seen.toScreen(...before), [x + 30, y - 20], 1e-6);
  const middle = seen.centre;
  seen.turn(1, 1);
  close(seen.toScreen(...middle), [x, y], 1e-6);
});

test("zooming keeps what is under the pointer, and has ends", () => {
  const seen = orbit(),
    under = seen.toUnit(250, 120);
  seen.zoom(4, 250, 120);
  close(seen.toScreen(...under), [250, 120], 1e-5);
  seen.zoom(1e9);
  assert.equal(seen.scale, CLOSEST);
  seen.zoom(1e-9);
  assert.equal(seen.scale, 0.5);
  for (const place of PLACES) assert.ok(seen.grow(...place) > 0);
});

test("nearer is larger and more solid", () => {
  const seen = orbit(),
    [, , near] = seen.axes,
    at = (far) => near.map((v) => UNITS / 2 + v * far);
  assert.ok(seen.grow(...at(20000)) > 1 && seen.grow(...at(-20000)) < 1);
  assert.ok(seen.solid(...at(20000)) > seen.solid(...at(-20000)));
  assert.ok(seen.solid(...at(-1e6)) > 0.3 && seen.solid(...at(1e6)) === 1);
});

test("an address brings the same view, as do those written for Plotly", () => {
  const seen = orbit();
  assert.ok(seen.whole);
  seen.turn(0.5, 0.2);
  seen.zoom(2.5, 100, 100);
  assert.ok(!seen.whole);
  const again = orbit();
  again.show(seen.place);
  for (const place of PLACES) close(again.toScreen(...place), seen.toScreen(...place), 1e-6);
  const plotly = orbit();
  plotly.show([1.25, 1.25, 1.25, 0, 0, 0, 0, 0, 1]);
  assert.ok(Math.abs(plotly.scale - 1) < 1e-9);
  close(plotly.axes[2], [1, 1, 1].map((v) => v / Math.sqrt(3)));
  const [x, top] = plotly.toScreen(UNITS / 2, UNITS / 2, UNITS);
  assert.ok(Math.abs(x - 400) < 1e-6 && top < 250);
  plotly.show([0, 0, 5, 0, 0, 0, 0, 0, 1]); // looking along what is up
  assert.ok(plotly.axes.flat().every(Number.isFinite));
  plotly.show([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.ok(plotly.axes.flat().every(Number.isFinite));
});

test("points are drawn from the farthest to the nearest", () => {
  const n = 5000,
    positions = Uint16Array.from({ length: 3 * n }, (_, i) => (i * 40503 + (i >> 3) * 977) % 65536),
    places = Uint32Array.from({ length: n }, (_, i) => n - 1 - i),
    seen = orbit();
  seen.turn(1.1, -0.6);
  const sorted = farFirst(seen, positions, places, 4000, new Uint32Array(n)),
    depth = (i) => seen.seen(...positions.subarray(3 * i, 3 * i + 3))[2];
  assert.deepEqual([...sorted].sort((a, b) => a - b), [...places.subarray(0, 4000)].sort((a, b) => a - b));
  for (let j = 1; j < 4000; j++)
    assert.ok(depth(sorted[j]) > depth(sorted[j - 1]) - (4 * UNITS) / 2048);
});

test("under a pixel lies the dot in front, beside all dots the nearest, and far off none", () => {
  const seen = orbit(),
    [right, up, near] = seen.axes,
    at = (x, y, z) => near.map((v, j) => Math.round(UNITS / 2 + x * right[j] + y * up[j] + z * v)),
    positions = Uint16Array.from([at(0, 0, -9000), at(0, 0, 9000), at(2500, 0, 0)].flat()),
    pick = (pixel) => nearest(seen, positions, Uint32Array.from([0, 1, 2]), pixel, 14, 4),
    [x, y] = seen.toScreen(UNITS / 2, UNITS / 2, UNITS / 2),
    [aside] = seen.toScreen(...at(2500, 0, 0));
  assert.equal(pick([x, y]), 1);
  assert.equal(pick([aside, y]), 2);
  assert.equal(pick([aside + 10, y]), 2);
  assert.equal(pick([aside + 15, y]), -1);
  assert.equal(nearest(seen, positions, Uint32Array.from([0, 2]), [x, y], 14, 4), 0);
});
