// Many points as one picture: how many lie in each cell, on a log scale, in the mean of their colours.

const CELLS = 1024;

class Density {
  constructor() { this.canvas = document.createElement("canvas"); this.rect = null; }

  // Count the first `limit` drawn places into cells over `rect` (units), no smaller than `finest` units a cell.
  build(atlas, rect, limit, finest) {
    const [left, bottom, right, top] = rect, cell = Math.max(finest, (right - left) / CELLS, (top - bottom) / CELLS);
    const w = Math.max(1, Math.ceil((right - left) / cell)), h = Math.max(1, Math.ceil((top - bottom) / cell));
    const sums = this.sums && this.sums.length >= 4 * w * h ? this.sums.fill(0, 0, 4 * w * h) : (this.sums = new Float32Array(4 * w * h));
    const { positions, look, colours } = atlas, any = atlas.selected > 0, per = 1 / cell, unit = atlas.loaded / limit / 65025;
    for (let i = 0; i < limit; i++) {
      const x = positions[2 * i], y = positions[2 * i + 1];
      if (x < left || x >= right || y < bottom || y >= top) continue;
      const flags = look[4 * i + 2];
      if (flags & 2) continue;
      const c = 4 * look[4 * i], weight = look[4 * i + 1] * colours[c + 3] * (any && !(flags & 1) ? 0.02 : 1) * unit;
      const at = 4 * (((top - y) * per | 0) * w + ((x - left) * per | 0));
      sums[at] += weight * colours[c]; sums[at + 1] += weight * colours[c + 1]; sums[at + 2] += weight * colours[c + 2]; sums[at + 3] += weight;
    }
    this.paint(sums, w, h);
    Object.assign(this, { rect: [left, top - h * cell, left + w * cell, top], cell, limit });
  }

  paint(sums, w, h) {
    const canvas = this.canvas; canvas.width = w; canvas.height = h;
    const image = new ImageData(w, h), out = image.data, full = this.fullest(sums, w * h), tone = 1 / Math.log1p(full);
    for (let p = 0; p < 4 * w * h; p += 4) {
      const count = sums[p + 3];
      if (!count) continue;
      out[p] = sums[p] / count; out[p + 1] = sums[p + 1] / count; out[p + 2] = sums[p + 2] / count;
      out[p + 3] = Math.min(255, 40 * Math.min(1, count) + 215 * Math.log1p(count) * tone);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  // What counts as full: all but the fullest two in a hundred of the cells that hold anything are below it.
  fullest(sums, cells) {
    const seen = [];
    for (let p = 0, step = Math.max(1, cells >> 14); p < cells; p += step) if (sums[4 * p + 3] > 0) seen.push(sums[4 * p + 3]);
    seen.sort((a, b) => a - b);
    return Math.max(2, seen[Math.floor(seen.length * 0.98)] || 2);
  }

  draw(context, camera) {
    const [left, bottom, right, top] = this.rect, [x0, y0] = camera.toScreen(left, top), [x1, y1] = camera.toScreen(right, bottom);
    context.imageSmoothingEnabled = true;
    context.drawImage(this.canvas, x0, y0, x1 - x0, y1 - y0);
  }
}
