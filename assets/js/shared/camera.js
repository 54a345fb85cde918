// What part of the map is in view: a centre in units and a scale, 1 being the whole map.

import { UNITS } from "./order.js";

const MARGIN = 0.93;
export const CLOSEST = 400;

export class Camera {
  /** @type {number} */ x;
  /** @type {number} */ y;
  /** @type {number} */ scale;
  /** @type {number} */ width;
  /** @type {number} */ height;
  /** @type {number} */ left;
  /** @type {number} */ top;
  /** @type {number[]} */ extent;

  constructor() {
    Object.assign(this, {
      x: UNITS / 2,
      y: UNITS / 2,
      scale: 1,
      width: 1,
      height: 1,
      left: 0,
      top: 0,
      extent: [UNITS, UNITS],
    });
  }

  // `left` and `top`: pixels at these edges that something lies over; the whole map is fitted
  // beside them.
  size(width, height) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
  }

  // Pixels (of the page) a unit.
  get k() {
    return (
      this.scale *
      MARGIN *
      Math.min(
        (this.width - this.left) / Math.max(this.extent[0], UNITS / 50),
        (this.height - this.top) / Math.max(this.extent[1], UNITS / 50),
      )
    );
  }
  get cx() {
    return (this.left + this.width) / 2;
  }
  get cy() {
    return (this.top + this.height) / 2;
  }

  /**
   * @param {number} ux
   * @param {number} uy
   * @returns {Pair}
   */
  toScreen(ux, uy) {
    const k = this.k;
    return [this.cx + (ux - this.x) * k, this.cy - (uy - this.y) * k];
  }
  /**
   * @param {number} px
   * @param {number} py
   * @returns {Pair}
   */
  toUnit(px, py) {
    const k = this.k;
    return [this.x + (px - this.cx) / k, this.y - (py - this.cy) / k];
  }

  get turns() {
    return false;
  }
  grow() {
    return 1;
  }
  solid() {
    return 1;
  }
  get fog() {
    return [1, 0];
  }

  /**
   * Places in units to clip space, by columns.
   * @returns {Float32Array}
   */
  get matrix() {
    const x = (2 * this.k) / this.width,
      y = (2 * this.k) / this.height;
    return Float32Array.from([
      ...[x, 0, 0, 0, 0, y, 0, 0, 0, 0, 0, 0],
      (2 * this.cx) / this.width - 1 - this.x * x,
      1 - (2 * this.cy) / this.height - this.y * y,
      0,
      1,
    ]);
  }

  get key() {
    return `${this.x} ${this.y} ${this.scale} ${this.width} ${this.height}`;
  }

  // What the hand does: a map in a plane is moved by it.
  drag(dx, dy) {
    this.pan(dx, dy);
  }
  step(dx, dy, more = false) {
    this.pan(-(more ? 200 : 60) * dx, -(more ? 200 : 60) * dy);
  }

  /**
   * The part in view and `more` of its size around: [left, bottom, right, top].
   * @returns {Rect}
   */
  rect(more = 0) {
    const k = this.k,
      w = this.width / k,
      h = this.height / k,
      [left, top] = this.toUnit(0, 0);
    return [left - w * more, top - h * (1 + more), left + w * (1 + more), top + h * more];
  }

  /**
   * By pixels.
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    const k = this.k;
    this.aim(this.x - dx / k, this.y + dy / k, this.scale);
  }

  /**
   * By a factor, keeping what is under (px, py) where it is.
   * @param {number} factor
   */
  zoom(factor, px = this.cx, py = this.cy) {
    const [ux, uy] = this.toUnit(px, py),
      scale = Math.min(CLOSEST, Math.max(0.5, this.scale * factor)),
      share = this.scale / scale;
    this.aim(ux + (this.x - ux) * share, uy + (this.y - uy) * share, scale);
  }

  aim(x, y, scale) {
    const hold = (v) => Math.min(UNITS * 1.1, Math.max(-UNITS * 0.1, v));
    Object.assign(this, { x: hold(x), y: hold(y), scale });
  }

  /**
   * Bring a part of the map into view, as large as it fits.
   * @param {number[]} rect: left, bottom, right and top
   */
  show([left, bottom, right, top]) {
    const k = Math.min(
      this.width / Math.max(right - left, 1e-9),
      this.height / Math.max(top - bottom, 1e-9),
    );
    const scale = Math.min(CLOSEST, Math.max(0.5, (this.scale * k) / this.k)),
      real = (this.k * scale) / this.scale;
    this.aim(
      (left + right) / 2 + (this.cx - this.width / 2) / real,
      (bottom + top) / 2 - (this.cy - this.height / 2) / real,
      scale,
    );
  }

  /** Whether the whole map is in view. */
  get whole() {
    return this.scale === 1 && this.x === UNITS / 2 && this.y === UNITS / 2;
  }

  fit() {
    Object.assign(this, { x: UNITS / 2, y: UNITS / 2, scale: 1 });
  }
}
