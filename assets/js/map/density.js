// Many points as one picture: how many lie in each cell, on a log scale, in the mean of their
// colours.

import { UNITS } from "../shared/order.js";

// across the picture, at rest and while the map moves
const CELLS = 1024,
  ROUGH_CELLS = 512;
const ROUGH = 150000; // points counted while it moves
const CHUNK = 16384; // points between two looks at the clock

export class Density {
  /** @type {{ canvas: HTMLCanvasElement, rect: number[] } | null} */ picture;
  /** @type {{ canvas: HTMLCanvasElement, rect: number[] } | null} */ whole;
  /** @type {Float32Array} */ sums;

  constructor() {
    this.picture = this.whole = null;
  }

  forget() {
    this.whole = null;
  }

  // Count the points of `parts` ({ places | null, runs of them, many }) into cells over `rect`
  // (units), no smaller than `finest` units a cell: a generator, to be run a slice at a time, after
  // whose end the picture is drawn. `rough`: of a fair sample, in larger cells.
  *build(atlas, { places, runs, many }, rect, finest, rough) {
    const [left, bottom, right, top] = rect,
      cells = rough ? ROUGH_CELLS : CELLS,
      cell = Math.max(finest, (right - left) / cells, (top - bottom) / cells);
    const w = Math.max(1, Math.ceil((right - left) / cell)),
      h = Math.max(1, Math.ceil((top - bottom) / cell));
    const sums =
      this.sums && this.sums.length >= 4 * w * h
        ? this.sums.fill(0, 0, 4 * w * h)
        : (this.sums = new Float32Array(4 * w * h));
    const limit = rough
      ? Math.ceil(atlas.loaded * Math.min(1, ROUGH / Math.max(1, many)))
      : atlas.loaded;
    const into = { sums, rect, w, per: 1 / cell, limit, unit: atlas.loaded / limit / 65025 };
    for (const [from, to] of runs) {
      const end = places ? to : Math.min(to, limit);
      for (let at = from; at < end; at += CHUNK) {
        this.count(atlas, places, at, Math.min(end, at + CHUNK), into);
        yield;
      }
    }
    const canvas = document.createElement("canvas");
    canvas.width = w;
    canvas.height = h;
    yield* this.paint(canvas, sums);
    this.picture = { canvas, rect: [left, top - h * cell, left + w * cell, top] };
    if (!rough && left < 0 && bottom < 0 && right > UNITS && top > UNITS) this.whole = this.picture;
  }

  count(
    { positions, look, colours, selected },
    places,
    from,
    to,
    { sums, rect: [left, bottom, right, top], w, per, limit, unit },
  ) {
    for (let j = from; j < to; j++) {
      const i = places ? places[j] : j,
        x = positions[2 * i],
        y = positions[2 * i + 1];
      if (i >= limit || x < left || x >= right || y < bottom || y >= top) continue;
      const flags = look[4 * i + 2];
      if (flags & 2) continue;
      const c = 4 * look[4 * i],
        weight = look[4 * i + 1] * colours[c + 3] * (selected && !(flags & 1) ? 0.02 : 1) * unit;
      const at = 4 * ((((top - y) * per) | 0) * w + (((x - left) * per) | 0));
      sums[at] += weight * colours[c];
      sums[at + 1] += weight * colours[c + 1];
      sums[at + 2] += weight * colours[c + 2];
      sums[at + 3] += weight;
    }
  }

  *paint(canvas, sums) {
    const { width: w, height: h } = canvas,
      context = canvas.getContext("2d"),
      full = this.fullest(sums, w * h),
      tone = 1 / Math.log1p(full),
      band = Math.max(1, Math.floor((4 * CHUNK) / w));
    yield;
    for (let y = 0; y < h; y += band) {
      const image = new ImageData(w, Math.min(band, h - y)),
        out = image.data,
        from = 4 * w * y;
      for (let p = 0; p < out.length; p += 4) {
        const count = sums[from + p + 3];
        if (!count) continue;
        out[p] = sums[from + p] / count;
        out[p + 1] = sums[from + p + 1] / count;
        out[p + 2] = sums[from + p + 2] / count;
        out[p + 3] = Math.min(255, 40 * Math.min(1, count) + 215 * Math.log1p(count) * tone);
      }
      context.putImageData(image, 0, y);
      yield;
    }
  }

  // What counts as full: all but the fullest two in a hundred of the cells that hold anything are
  // below it.
  fullest(sums, cells) {
    const seen = [];
    for (let p = 0, step = Math.max(1, cells >> 14); p < cells; p += step)
      if (sums[4 * p + 3] > 0) seen.push(sums[4 * p + 3]);
    const sorted = Float32Array.from(seen).sort();
    return Math.max(2, sorted[Math.floor(sorted.length * 0.98)] || 2);
  }

  /**
   * The newest picture; of a part beyond it, the whole map's.
   * @param {import("../shared/camera.js").Camera} camera
   * @returns {{ canvas: HTMLCanvasElement, rect: number[] } | null}
   */
  over(camera) {
    const [left, bottom, right, top] = camera.rect(),
      inside = (/** @type {{ rect: number[] }} */ { rect: [l, b, r, t] }) =>
        Math.max(left, 0) >= l - 1 &&
        Math.max(bottom, 0) >= b - 1 &&
        Math.min(right, UNITS) <= r + 1 &&
        Math.min(top, UNITS) <= t + 1;
    return this.picture && inside(this.picture) ? this.picture : this.whole;
  }

  draw(context, camera) {
    const {
        canvas,
        rect: [left, bottom, right, top],
      } = this.over(camera) || this.picture,
      [x0, y0] = camera.toScreen(left, top),
      [x1, y1] = camera.toScreen(right, bottom);
    context.imageSmoothingEnabled = true;
    context.drawImage(canvas, x0, y0, x1 - x0, y1 - y0);
  }
}
