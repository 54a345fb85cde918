// Which points lie where: drawn places by the cells of a coarse grid, in each cell in drawn order,
// so that a part of the map is found without looking at every point.

import { UNITS } from "../shared/order.js";

const FINE = 9;
const ACROSS = (UNITS + 1) >> FINE; // a cell is 2 ** FINE units wide

export class Grid {
  /** @type {Uint32Array} */ starts;
  /** @type {Uint32Array} */ places;

  /**
   * @param {Uint16Array} positions
   * @param {number} n
   */
  constructor(positions, n) {
    const cells = new Uint16Array(n),
      starts = (this.starts = new Uint32Array(ACROSS * ACROSS + 1));
    for (let i = 0; i < n; i++)
      starts[
        (cells[i] = (positions[2 * i + 1] >> FINE) * ACROSS + (positions[2 * i] >> FINE)) + 1
      ]++;
    for (let c = 0; c < ACROSS * ACROSS; c++) starts[c + 1] += starts[c];
    const next = starts.slice();
    this.places = new Uint32Array(n);
    for (let i = 0; i < n; i++) this.places[next[cells[i]]++] = i;
  }

  /**
   * Where in `places` the points of the cells lie that a part [left, bottom, right, top] of the map
   * touches: [from, to) a row of cells.
   * @param {Rect} rect
   * @returns {Pair[]}
   */
  runs([left, bottom, right, top]) {
    const cell = (v) => Math.min(ACROSS - 1, Math.max(0, Math.floor(v) >> FINE)),
      first = cell(left),
      last = cell(right),
      found = /** @type {Pair[]} */ ([]);
    for (let row = cell(bottom); row <= cell(top); row++) {
      const from = this.starts[row * ACROSS + first],
        to = this.starts[row * ACROSS + last + 1];
      if (to > from) found.push([from, to]);
    }
    return found;
  }

  /**
   * No more than lie in a part. One that ends within a cell of the map's edge, or beyond it on one
   * side alone, is not told from its last cells.
   * @param {Rect} rect
   * @returns {number}
   */
  least([left, bottom, right, top]) {
    const cell = 2 ** FINE;
    return right - left < 3 * cell ||
      top - bottom < 3 * cell ||
      Math.max(left, bottom) + cell > UNITS ||
      Math.min(right, top) - cell < 0
      ? 0
      : this.runs([left + cell, bottom + cell, right - cell, top - cell]).reduce(
          (sum, [from, to]) => sum + to - from,
          0,
        );
  }
}
