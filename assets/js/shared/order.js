// Drawn order: which row is drawn when, and the units of drawn places.

// places are whole numbers from 0 to this over the map's square
export const UNITS = 65535;
export const DIM = 26; // opacity (of 255) of points outside the selection

// Drawn place -> row, and back: the permutation of the server, whose formula spares sending it.
export class Order {
  /** @type {number} */ n;
  /** @type {number} */ bits;
  /** @type {number} */ half;
  /** @type {number} */ mask;
  /** @type {Int32Array} */ places;

  /**
   * @param {number} n
   */
  constructor(n) {
    this.n = n;
    this.bits = Math.max(2, n > 1 ? 32 - Math.clz32(n - 1) : 0);
    this.mask = 2 ** this.bits - 1;
    this.half = (this.bits + 1) >> 1;
  }

  /**
   * @param {number} x
   */
  mix(x) {
    for (let turn = 0; turn < 4; turn++) {
      x =
        ((turn & 1
          ? Math.imul(x, 0x85ebca6b) + 0x165667b1
          : Math.imul(x, 0x9e3779b1) + 0x7f4a7c15) &
          this.mask) >>>
        0;
      x ^= x >>> this.half;
    }
    return x;
  }

  /**
   * The row drawn at a place.
   * @param {number} i
   * @returns {number}
   */
  row(i) {
    let x = this.mix(i);
    while (x >= this.n) x = this.mix(x);
    return x;
  }

  /**
   * Where a row is drawn.
   * @param {number} row
   * @returns {number}
   */
  place(row) {
    if (!this.places) {
      this.places = new Int32Array(this.n);
      for (let i = 0; i < this.n; i++) this.places[this.row(i)] = i;
    }
    return this.places[row];
  }
}
