import assert from "node:assert/strict";
import test from "node:test";

import { Grid } from "../../assets/js/map/grid.js";
import { Order, UNITS } from "../../assets/js/shared/order.js";
import { standing } from "../../assets/js/map/layers/thumbnails.js";

// A generator of its own, so that a test is the same each time.
const random = (seed) => () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) / 2 ** 32;
const points = (n, seed = 1) => {
  const next = random(seed);
  return Uint16Array.from({ length: 2 * n }, () => Math.floor(next() * (UNITS + 1)));
};

test("the grid finds every point of a part", () => {
  const n = 4000,
    places = points(n),
    grid = new Grid(places, n);
  for (const [left, bottom, right, top] of [
    [0, 0, UNITS, UNITS],
    [1000, 2000, 9000, 2100],
    [60000, 60000, 70000, 70000],
  ]) {
    const inside = [...Array(n).keys()].filter(
      (i) =>
        places[2 * i] >= left &&
        places[2 * i] <= right &&
        places[2 * i + 1] >= bottom &&
        places[2 * i + 1] <= top,
    );
    const found = grid
      .runs([left, bottom, right, top])
      .flatMap(([from, to]) => [...grid.places.subarray(from, to)]);
    assert.equal(new Set(found).size, found.length);
    assert.ok(inside.every((i) => found.includes(i)));
    assert.ok(grid.least([left, bottom, right, top]) <= inside.length);
  }
});

test("each cell of the grid is in drawn order", () => {
  const n = 3000,
    grid = new Grid(points(n), n);
  for (let c = 0; c + 1 < grid.starts.length; c++) {
    const cell = grid.places.subarray(grid.starts[c], grid.starts[c + 1]);
    assert.deepEqual(
      [...cell],
      [...cell].sort((a, b) => a - b),
    );
  }
});

test("drawn order is a permutation, and knows its inverse", () => {
  for (const n of [1, 2, 9, 1000]) {
    const order = new Order(n),
      rows = Array.from({ length: n }, (_, i) => order.row(i));
    assert.deepEqual(
      [...rows].sort((a, b) => a - b),
      [...Array(n).keys()],
    );
    rows.forEach((row, i) => assert.equal(order.place(row), i));
  }
});

test("what stands for a cell stands for the cell's quarter it lies in", () => {
  const n = 500,
    positions = points(n, 5),
    look = new Uint8Array(4 * n),
    atlas = { positions, look, loaded: n };
  const coarse = standing(atlas, 8192, [0, 0, 7, 7]),
    fine = new Set(standing(atlas, 4096, [0, 0, 15, 15]).map(([i]) => i));
  assert.ok(coarse.length > 50 && coarse.every(([i]) => fine.has(i)));
});
