import assert from "node:assert/strict";
import test from "node:test";

import { CLOSEST, Camera } from "../../assets/js/shared/camera.js";
import { UNITS } from "../../assets/js/shared/order.js";

const close = (a, b, off = 1e-6) =>
  a.forEach((v, i) => assert.ok(Math.abs(v - b[i]) <= off, `${a} is not ${b}`));
const camera = (width = 800, height = 500) => {
  const made = new Camera();
  made.size(width, height);
  made.fit();
  return made;
};

test("screen and units are each other's inverse, also beside what lies over the edges", () => {
  const seen = camera();
  Object.assign(seen, { left: 120, top: 40 });
  seen.zoom(3, 100, 400);
  for (const place of [
    [0, 0],
    [UNITS, 3],
    [40000, 12345],
  ])
    close(seen.toUnit(...seen.toScreen(...place)), place, 1e-5);
});

test("the whole map fits into the window, its middle in the middle", () => {
  const seen = camera();
  close(seen.toScreen(UNITS / 2, UNITS / 2), [400, 250]);
  for (const corner of [
    [0, 0],
    [UNITS, UNITS],
  ]) {
    const [x, y] = seen.toScreen(...corner);
    assert.ok(x > 0 && x < 800 && y > 0 && y < 500);
  }
});

test("zooming keeps what is under the pointer, and has ends", () => {
  const seen = camera(),
    before = seen.toUnit(250, 120);
  seen.zoom(4, 250, 120);
  close(seen.toUnit(250, 120), before, 1e-5);
  seen.zoom(1e9);
  assert.equal(seen.scale, CLOSEST);
  seen.zoom(1e-9);
  assert.equal(seen.scale, 0.5);
});

test("dragging moves the map with the hand", () => {
  const seen = camera(),
    [ux, uy] = seen.toUnit(300, 200);
  seen.pan(30, -20);
  close(seen.toScreen(ux, uy), [330, 180], 1e-5);
});

test("the part in view is that of the window's corners", () => {
  const seen = camera();
  seen.zoom(2.5, 10, 10);
  const [left, bottom, right, top] = seen.rect();
  close([left, top], seen.toUnit(0, 0));
  close([right, bottom], seen.toUnit(800, 500), 1e-5);
});

test("a part of the map that was in view comes back into view, however the window is", () => {
  const seen = camera();
  Object.assign(seen, { left: 130, top: 40 });
  seen.zoom(5, 350, 260);
  const part = seen.rect(),
    again = camera();
  Object.assign(again, { left: 130, top: 40 });
  again.show(part);
  close(again.rect(), part, 1e-3);
  const other = camera(300, 900);
  other.show(part);
  const [left, bottom, right, top] = other.rect();
  assert.ok(
    left <= part[0] + 1e-3 &&
      bottom <= part[1] + 1e-3 &&
      right >= part[2] - 1e-3 &&
      top >= part[3] - 1e-3,
  );
});
