// The same points without WebGL2: a plain 2-D canvas, fewer of them.

/**
 * @implements {Points}
 */
export class FlatPoints {
  /** @type {HTMLCanvasElement} */ canvas;
  /** @type {CanvasRenderingContext2D} */ context;
  /** @type {number} */ most;
  /** Of a place. @type {number} */ dims;
  /** @type {Uint16Array} */ positions;
  /** @type {Uint8Array} */ look;
  /** @type {Uint8Array} */ palette;
  /** @type {Uint32Array} */ list;

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.most = 20000;
  }

  room(n, dims) {
    this.dims = dims;
  }
  setPlaces(positions, start, end) {
    this.positions = positions;
  }
  setLook(look, start, end) {
    this.look = look;
  }
  setPalette(palette) {
    this.palette = palette;
  }
  setIndices(indices) {
    this.list = indices;
  }
  clear() {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  draw(camera, size, dim, from, to) {
    const { context, positions, look, palette, list, dims } = this,
      ratio = this.canvas.width / camera.width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (let j = from; j < Math.min(to, from + this.most); j++) {
      const i = list[j],
        c = 4 * look[4 * i];
      if (look[4 * i + 2] & 2) continue;
      const place = positions.subarray(dims * i, dims * (i + 1)),
        [x, y] = camera.toScreen(...place);
      context.globalAlpha =
        ((palette[c + 3] * look[4 * i + 1]) / 65025) *
        (look[4 * i + 2] & 1 ? 1 : dim) *
        camera.solid(...place);
      context.fillStyle = `rgb(${palette[c]},${palette[c + 1]},${palette[c + 2]})`;
      context.beginPath();
      context.arc(x, y, Math.max(0.5, (size / 2) * camera.grow(...place)), 0, 7);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  close() {}
}
