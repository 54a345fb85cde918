// A camera around a 3-D map: which way it looks, at what, and how near. It stands so far away that
// no point is ever behind it; coming closer is a longer lens.

import { CLOSEST } from "./camera.js";
import { UNITS } from "./order.js";

// what of its opacity the farthest point loses
export const FADED = 0.65;
const MARGIN = 0.93,
  FAR = 2.5 * UNITS, // from the eye to what it looks at
  MIDDLE = UNITS / 2,
  WHOLE = Math.sqrt(3) * 1.25, // distance at which Plotly sees all: places in addresses are as its own
  PER_PIXEL = 1 / 140, // radians a pixel
  STEP = Math.PI / 18, // radians a key
  BINS = 2048;
const START = { eye: [0.5, 0.38, 0.78], up: [0, 1, 0] };

export class Orbit {
  /** Rows: to the right, up, and to the eye. @type {number[][]} */ axes;
  /** What it looks at. @type {number[]} */ centre;
  /** @type {number} */ scale;
  /** @type {number} */ width;
  /** @type {number} */ height;
  /** @type {number} */ left;
  /** @type {number} */ top;
  /** Distance of the farthest point from the middle. @type {number} */ reach;

  constructor() {
    Object.assign(this, { width: 1, height: 1, left: 0, top: 0, reach: MIDDLE });
    this.fit();
  }

  get turns() {
    return true;
  }
  size(width, height) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
  }
  // Pixels (of the page) a unit, at the depth of what it looks at.
  get k() {
    const reach = Math.max(this.reach, UNITS / 50),
      seen = reach / Math.sqrt(1 - (reach / FAR) ** 2);
    return (
      (this.scale * MARGIN * Math.min(this.width - this.left, this.height - this.top)) / (2 * seen)
    );
  }
  get cx() {
    return (this.left + this.width) / 2;
  }
  get cy() {
    return (this.top + this.height) / 2;
  }

  // How far to the right, up and near of what it looks at.
  seen(ux, uy, uz) {
    const [cx, cy, cz] = this.centre,
      x = ux - cx,
      y = uy - cy,
      z = uz - cz;
    return this.axes.map(([a, b, c]) => a * x + b * y + c * z);
  }

  /**
   * @param {number} ux
   * @param {number} uy
   * @param {number} uz
   * @returns {Pair}
   */
  toScreen(ux, uy, uz) {
    const [x, y, z] = this.seen(ux, uy, uz),
      k = this.k / (1 - z / FAR);
    return [this.cx + x * k, this.cy - y * k];
  }
  // How much larger something there is than at the depth of what it looks at.
  grow(ux, uy, uz) {
    return 1 / (1 - this.seen(ux, uy, uz)[2] / FAR);
  }
  // How solid something there is: the farther, the fainter.
  solid(ux, uy, uz) {
    const [near, more] = this.fog;
    return 1 - Math.min(FADED, Math.max(0, (1 / this.grow(ux, uy, uz) - near) * more));
  }
  // For the graphics card: `1 - nearness` of the nearest, and what 1 of it more takes.
  get fog() {
    const { reach, scale } = this,
      // closer to, what fades is what lies behind what is looked at
      far = Math.max(reach / Math.max(1, scale) ** 0.5, UNITS / 50) / FAR;
    return [1 - far, FADED / (2 * far)];
  }

  /**
   * The place under a pixel that is as deep as `at`; without it, as deep as what it looks at.
   * @param {number} px
   * @param {number} py
   * @param {number[]} at: in units
   * @returns {number[]}
   */
  toUnit(px, py, at = this.centre) {
    const z = this.seen(at[0], at[1], at[2])[2],
      k = this.k / (1 - z / FAR),
      v = [(px - this.cx) / k, (this.cy - py) / k, z];
    return this.centre.map((c, j) => c + this.axes.reduce((sum, row, i) => sum + row[j] * v[i], 0));
  }

  /**
   * Places in units to clip space, by columns; its last row is `1 - nearness`.
   * @returns {Float32Array}
   */
  get matrix() {
    const rows = this.rows(2 / this.width, (2 * this.cx) / this.width - 1, 2 / this.height, 1 - (2 * this.cy) / this.height),
      [x, y, w] = rows;
    return Float32Array.from([0, 1, 2, 3].flatMap((j) => [x[j], y[j], 0, w[j]]));
  }

  /**
   * Places in a map's own units to pixels, as three rows of four: x, y and what both are divided
   * by.
   * @param {number[]} low
   * @param {number} side
   * @returns {number[]}
   */
  view(low, side) {
    const per = UNITS / side;
    return this.rows(1, this.cx, -1, this.cy).flatMap((row) => [
      row[0] * per,
      row[1] * per,
      row[2] * per,
      row[3] - per * (row[0] * low[0] + row[1] * low[1] + row[2] * low[2]),
    ]);
  }

  rows(sx, tx, sy, ty) {
    const { k, centre } = this,
      [right, up, near] = this.axes.map((row) => [
        ...row,
        -row.reduce((sum, v, j) => sum + v * centre[j], 0),
      ]),
      w = near.map((v, j) => (j === 3 ? 1 : 0) - v / FAR);
    return [
      right.map((v, j) => sx * k * v + tx * w[j]),
      up.map((v, j) => sy * k * v + ty * w[j]),
      w,
    ];
  }

  // -- moving -------------------------------------------------------------------------------------

  /**
   * The hand moved by pixels: what is near goes with it. `aside`: it moves the map and turns
   * nothing.
   * @param {number} dx
   * @param {number} dy
   */
  drag(dx, dy, aside = false) {
    if (aside) this.pan(dx, dy);
    else this.turn(dx * PER_PIXEL, dy * PER_PIXEL);
  }
  // An arrow key, -1 to 1 each way.
  step(dx, dy, aside = false) {
    if (aside) this.pan(-60 * dx, -60 * dy);
    else this.turn(STEP * dx, STEP * dy);
  }

  /**
   * By radians: around what is up on the screen, and around what is to the right.
   * @param {number} across
   * @param {number} down
   */
  turn(across, down) {
    const [right, up, near] = this.axes,
      mix = (p, q, a) => [
        p.map((v, j) => Math.cos(a) * v + Math.sin(a) * q[j]),
        q.map((v, j) => Math.cos(a) * v - Math.sin(a) * p[j]),
      ],
      [right1, near1] = mix(right, near, across),
      [near2, up1] = mix(near1, up, down);
    this.axes = upright(near2, up1, right1);
  }

  pan(dx, dy) {
    const { k } = this,
      [right, up] = this.axes;
    this.look(this.centre.map((c, j) => c - (right[j] * dx - up[j] * dy) / k));
  }

  zoom(factor, px = this.cx, py = this.cy) {
    const under = this.toUnit(px, py),
      scale = Math.min(CLOSEST, Math.max(0.5, this.scale * factor)),
      share = this.scale / scale;
    this.scale = scale;
    this.look(under.map((u, j) => u + (this.centre[j] - u) * share));
  }

  look(centre) {
    this.centre = centre.map((v) => Math.min(UNITS * 1.1, Math.max(-UNITS * 0.1, v)));
  }

  fit() {
    Object.assign(this, {
      axes: upright(START.eye, START.up),
      centre: [MIDDLE, MIDDLE, MIDDLE],
      scale: 1,
    });
  }

  // -- where it is --------------------------------------------------------------------------------

  get key() {
    return `${this.axes} ${this.centre} ${this.scale} ${this.width} ${this.height}`;
  }
  get whole() {
    return this.key === Object.assign(new Orbit(), { width: this.width, height: this.height }).key;
  }

  /**
   * For an address: eye, what it looks at and what is up, over the map's cube from -0.5 to 0.5.
   * @returns {number[]}
   */
  get place() {
    const [, up, near] = this.axes,
      centre = this.centre.map((c) => c / UNITS - 0.5);
    return [...near.map((v, j) => centre[j] + (v * WHOLE) / this.scale), ...centre, ...up];
  }

  /** @param {number[]} place */
  show(place) {
    const [eye, centre, up] = [0, 3, 6].map((from) => place.slice(from, from + 3)),
      away = eye.map((v, j) => v - centre[j]),
      far = Math.hypot(...away);
    if (!(far > 0)) return;
    this.axes = upright(away, up);
    this.scale = Math.min(CLOSEST, Math.max(0.5, WHOLE / far));
    this.look(centre.map((c) => (c + 0.5) * UNITS));
  }
}

/**
 * Axes at right angles: to the right, up and near, `near` as it is and `up` as nearly as can be.
 * @param {number[]} near
 * @param {number[]} up
 * @param {number[]} right: where it is not known from these
 */
function upright(near, up, right = [1, 0, 0]) {
  const cross = (a, b) => [0, 1, 2].map((j) => a[(j + 1) % 3] * b[(j + 2) % 3] - a[(j + 2) % 3] * b[(j + 1) % 3]),
    unit = (v) => v.map((x) => x / Math.hypot(...v)),
    z = unit(near),
    tried = [up, [0, 1, 0], [0, 0, 1], right].map((v) => cross(v, z)),
    x = unit(tried.find((v) => Math.hypot(...v) > 1e-6));
  return [x, cross(z, x), z];
}

/**
 * The first `many` of the places, the farthest first, into `into`.
 * @param {Orbit} camera
 * @param {Uint16Array} positions
 * @param {Uint32Array} places
 * @param {number} many
 * @param {Uint32Array} into
 * @returns {Uint32Array}
 */
export function farFirst({ axes, centre }, positions, places, many, into) {
  const [a, b, c] = axes[2],
    at = a * centre[0] + b * centre[1] + c * centre[2],
    // nothing lies farther from a centre in or near the cube
    per = BINS / (4 * UNITS),
    bins = new Uint16Array(many),
    starts = new Uint32Array(BINS + 1);
  for (let j = 0; j < many; j++) {
    const i = 3 * places[j],
      depth = a * positions[i] + b * positions[i + 1] + c * positions[i + 2] - at;
    bins[j] = (depth + 2 * UNITS) * per;
    starts[bins[j] + 1]++;
  }
  for (let bin = 0; bin < BINS; bin++) starts[bin + 1] += starts[bin];
  for (let j = 0; j < many; j++) into[starts[bins[j]]++] = places[j];
  return into.subarray(0, many);
}

/**
 * Of the points seen around a pixel: of those whose dot it lies on the one in front, of the others
 * the nearest; -1 where there is none within `reach` pixels.
 * @param {Orbit} camera
 * @param {Uint16Array} positions
 * @param {Uint32Array} places
 * @param {Pair} pixel
 * @param {number} reach
 * @param {number} radius: of a dot as deep as what is looked at
 * @returns {number}
 */
export function nearest(camera, positions, places, [px, py], reach, radius) {
  const [[a, b, c, d], [e, f, g, h], [i, j, k, l]] = camera.rows(1, camera.cx, -1, camera.cy);
  let best = -1,
    least = reach;
  for (const place of places) {
    const x = positions[3 * place],
      y = positions[3 * place + 1],
      z = positions[3 * place + 2],
      w = i * x + j * y + k * z + l,
      dx = (a * x + b * y + c * z + d) / w - px;
    if (dx > reach || dx < -reach) continue;
    const dy = (e * x + f * y + g * z + h) / w - py,
      away = Math.hypot(dx, dy);
    if (away > reach) continue;
    // on a dot: the nearer to the eye, the less
    const rank = away <= Math.max(3, radius / w) ? w - 10 : away;
    if (rank < least) {
      least = rank;
      best = place;
    }
  }
  return best;
}
