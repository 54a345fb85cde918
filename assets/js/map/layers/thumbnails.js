// Pictures on the map: the plane is cut into cells that halve as one comes closer; each cell with
// points shows the one of them that is drawn first, so that moving changes nothing and coming
// closer only adds. In 3-D space is cut so, and each picture stands where its point is.

import { bit } from "../../shared/bits.js";
import { button } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { latest } from "../../shared/latest.js";
import { UNITS } from "../../shared/order.js";
import { pixels } from "../card.js";
import { RegionsLayer } from "./regions.js";

// least pixels of a cell; small pictures held; asked for in one go
const CELL = 32,
  KEPT = 6000,
  FEW = 100, // pictures that are seen from the start
  A_TIME = 400;
// the same in space, where cells lie behind each other; cells a side at most; pictures at most
const SOLID_CELL = 44,
  SOLID_CELLS = 128,
  SOLID_MOST = 1500;

export class ThumbnailsLayer {
  /** @type {import("../atlas.js").Atlas} */ atlas;
  /** @type {Map<number, HTMLCanvasElement>} */ held;
  /** @type {boolean} */ on;
  /** @type {(rows: number[]) => void} */ fetch;
  /** @type {HTMLButtonElement} */ toggle;
  /** @type {any} */ cut;

  /**
   * @param {import("../atlas.js").Atlas} atlas
   */
  constructor(atlas) {
    this.atlas = atlas;
    this.held = new Map();
    this.on = false;
    this.fetch = latest((rows) => this.load(rows));
    if (atlas.data.kind !== "image") return;
    this.toggle = button(
      "at-thumbs",
      "",
      "Thumbnails: in every part of the map one of its pictures, at the middle of that part",
      () => this.set(!this.on),
    );
    this.toggle.append(icon("thumbnails"));
    this.toggle.setAttribute("aria-label", "thumbnails");
    this.on = atlas.data.n <= FEW;
    this.toggle.setAttribute("aria-pressed", String(this.on));
    atlas.bar.append(this.toggle);
  }

  set(on) {
    this.on = on;
    this.toggle.setAttribute("aria-pressed", String(on));
    this.atlas.invalidate();
  }

  async load(rows) {
    const { head, buffer, start } = await this.atlas.ask("small", {}, rows),
      [n, h, w, c] = head.shape,
      size = h * w * c;
    for (let i = 0; i < n; i++)
      this.held.set(rows[i], pixels([1, h, w, c], new Uint8Array(buffer, start + i * size, size)));
    for (const row of this.held.keys()) {
      if (this.held.size <= KEPT) break;
      this.held.delete(row);
    }
    this.atlas.invalidate();
  }

  // The drawn places of the points that stand for the cells in view and around it, with the middles
  // of these: kept until the view leaves them.
  cells() {
    const { atlas } = this,
      { camera, hidden, loaded, positions } = atlas,
      unit = 2 ** Math.ceil(Math.log2(CELL / camera.k)),
      view = camera.rect().map((v) => Math.floor(v / unit));
    const held = this.cut;
    if (
      !held ||
      held.unit !== unit ||
      held.hidden !== hidden ||
      held.loaded !== loaded ||
      held.positions !== positions ||
      view.some((v, side) => (side < 2 ? v < held.sides[side] : v > held.sides[side]))
    ) {
      const [x0, y0, x1, y1] = view,
        w = x1 - x0 + 1,
        h = y1 - y0 + 1,
        far = Math.ceil(UNITS / unit);
      const sides = [
        Math.max(x0 - (w >> 1), Math.min(x0, 0)),
        Math.max(y0 - (h >> 1), Math.min(y0, 0)),
        Math.min(x1 + (w >> 1), Math.max(x1, far)),
        Math.min(y1 + (h >> 1), Math.max(y1, far)),
      ];
      this.cut = { unit, hidden, loaded, positions, sides, found: standing(atlas, unit, sides) };
    }
    return { found: this.cut.found, size: unit * camera.k };
  }

  // The same in 3-D, the farthest first: those in view, no more than can be told apart.
  solidCells() {
    const { atlas } = this,
      { camera, hidden, loaded, positions } = atlas,
      unit = Math.max(UNITS / SOLID_CELLS, 2 ** Math.ceil(Math.log2(SOLID_CELL / camera.k))),
      held = this.cut;
    if (
      !held ||
      held.unit !== unit ||
      held.hidden !== hidden ||
      held.loaded !== loaded ||
      held.positions !== positions
    )
      this.cut = { unit, hidden, loaded, positions, found: standingIn3(atlas, unit) };
    const size = Math.min(SOLID_CELL, unit * camera.k * 0.7),
      found = this.cut.found
        .map((i) => [i, ...positions.subarray(3 * i, 3 * i + 3)])
        .filter(([, ...units]) => {
          const [x, y] = camera.toScreen(...units);
          return x > -size && y > -size && x < camera.width + size && y < camera.height + size;
        })
        .map((at) => ({ at, near: camera.grow(at[1], at[2], at[3]) }))
        .sort((a, b) => a.near - b.near)
        .slice(-SOLID_MOST)
        .map(({ at }) => at);
    return { found, size };
  }

  draw(context, atlas) {
    if (!this.on || !atlas.loaded) return;
    const names = atlas.layer(RegionsLayer);
    names?.lay();
    const { found, size } = atlas.dims === 3 ? this.solidCells() : this.cells(),
      { colours, camera } = atlas,
      missing = [];
    context.lineWidth = 2;
    for (const [i, ...units] of found) {
      const [x, y] = camera.toScreen(...units),
        side = size * 0.9 * camera.grow(...units);
      if (x < -size || y < -size || x > camera.width + size || y > camera.height + size) continue;
      // names have room of their own
      if (names?.covers(x, y, side / 2)) continue;
      const row = atlas.rowOf(i),
        picture = this.held.get(row);
      if (!picture) {
        missing.push(row);
        continue;
      }
      const scale = side / Math.max(picture.width, picture.height),
        w = picture.width * scale,
        h = picture.height * scale,
        shade = atlas.look[4 * i];
      context.globalAlpha = (atlas.selected && !bit(atlas.bits, i) ? 0.2 : 1) * camera.solid(...units);
      context.imageSmoothingEnabled = scale < 1;
      context.drawImage(picture, x - w / 2, y - h / 2, w, h);
      context.strokeStyle = `rgb(${colours[4 * shade]},${colours[4 * shade + 1]},${colours[4 * shade + 2]})`;
      context.strokeRect(x - w / 2, y - h / 2, w, h);
    }
    if (missing.length) this.fetch(missing.slice(0, A_TIME));
  }
}

/**
 * Of each cell `unit` wide between `sides` (first and last column and row) the point that is drawn
 * first and not hidden: [place, middle x, middle y].
 * @param {{ positions: Uint16Array, look: Uint8Array, loaded: number }} atlas
 * @param {number} unit
 * @param {number[]} sides
 * @returns {[number, number, number][]}
 */
export function standing({ positions, look, loaded }, unit, [x0, y0, x1, y1]) {
  const w = x1 - x0 + 1,
    first = new Int32Array(w * (y1 - y0 + 1)).fill(-1),
    found = /** @type {[number, number, number][]} */ ([]);
  for (let i = 0; i < loaded; i++) {
    const x = Math.floor(positions[2 * i] / unit),
      y = Math.floor(positions[2 * i + 1] / unit),
      at = (y - y0) * w + x - x0;
    if (x < x0 || x > x1 || y < y0 || y > y1 || first[at] >= 0 || look[4 * i + 2] & 2) continue;
    first[at] = i;
    found.push([i, (x + 0.5) * unit, (y + 0.5) * unit]);
  }
  return found;
}

/**
 * Of each cell of space `unit` wide the drawn place of the point that is drawn first and not hidden.
 * @param {{ positions: Uint16Array, look: Uint8Array, loaded: number }} atlas
 * @param {number} unit
 * @returns {number[]}
 */
export function standingIn3({ positions, look, loaded }, unit) {
  const across = Math.ceil((UNITS + 1) / unit),
    taken = new Uint8Array(across ** 3),
    cell = (v) => Math.floor(v / unit),
    found = [];
  for (let i = 0; i < loaded; i++) {
    const at =
      (cell(positions[3 * i]) * across + cell(positions[3 * i + 1])) * across +
      cell(positions[3 * i + 2]);
    if (taken[at] || look[4 * i + 2] & 2) continue;
    taken[at] = 1;
    found.push(i);
  }
  return found;
}
