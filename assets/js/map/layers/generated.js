// New samples as rings, placed like any new item. Where somebody listens to "sample", a click on
// one is told.

const REACH = 9; // pixels around a ring's middle in which a click is its own

export class GeneratedLayer {
  /** @param {import("../atlas.js").Atlas} atlas */
  constructor(atlas) {
    this.atlas = atlas;
    /** In units. @type {number[][]} */
    this.places = [];
    /** @type {Float32Array} */
    this.codes = null;
    this.seed = 0;
    this.on = false;
    this.data(atlas.data);
  }

  data(data) {
    if (!!data.generated !== this.on) {
      this.on = !!data.generated;
      this.load();
    }
  }

  scene() {
    if (this.drawn !== this.atlas.positions) {
      this.drawn = this.atlas.positions;
      this.load();
    }
  }

  async load() {
    const { atlas } = this,
      { map } = atlas.data;
    clearTimeout(this.soon);
    if (!this.on || !atlas.n) {
      this.places = [];
      atlas.invalidate();
      return;
    }
    const { head, buffer, start } = await atlas.ask("generated", { map });
    if (!this.on || map !== atlas.data.map) return;
    const bytes = 4 * head.n * head.dims,
      P = new Float32Array(buffer, buffer.byteLength - bytes);
    this.codes = new Float32Array(buffer, start, (buffer.byteLength - start - bytes) / 4);
    this.seed = head.seed;
    this.places = Array.from({ length: head.n }, (_, i) =>
      atlas.unitOf(...P.subarray(head.dims * i, head.dims * (i + 1))),
    );
    atlas.say(
      `Rings: ${head.n} new samples from ${head.source}; seed ${head.seed}, placed like any new item.`,
    );
    if (head.later) this.soon = setTimeout(() => !atlas.closed && this.load(), 2000);
    atlas.invalidate();
  }

  takes([px, py]) {
    const { atlas, places, codes, seed } = this;
    if (!atlas.hears("sample")) return false;
    const far = places.map((units) => {
      const [x, y] = atlas.camera.toScreen(...units);
      return Math.hypot(x - px, y - py);
    });
    const i = far.indexOf(Math.min(...far)),
      k = codes && codes.length / places.length;
    if (i < 0 || far[i] > REACH) return false;
    atlas.tell("sample", { i, code: Array.from(codes.subarray(i * k, (i + 1) * k)), seed });
    return true;
  }

  draw(context, { camera, accent }) {
    context.lineWidth = 2;
    context.strokeStyle = accent;
    for (const units of this.places) {
      const [x, y] = camera.toScreen(...units);
      context.globalAlpha = camera.solid(...units);
      context.beginPath();
      context.arc(x, y, 6, 0, 7);
      context.stroke();
    }
  }

  close() {
    clearTimeout(this.soon);
  }
}
