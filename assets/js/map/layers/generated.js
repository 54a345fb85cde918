// New samples as rings, placed like any new item.

export class GeneratedLayer {
  /** @type {import("../atlas.js").Atlas} */ atlas;
  /** @type {Pair[]} */ places;
  /** @type {boolean} */ made;
  /** @type {Uint16Array} */ drawn;
  /** @type {number} */ soon;

  /**
   * @param {import("../atlas.js").Atlas} atlas
   */
  constructor(atlas) { this.atlas = atlas; this.places = []; this.data(atlas.data); }

  data(data) { if (data.made !== this.made) { this.made = data.made; this.load(); } }

  scene() { if (this.drawn !== this.atlas.positions) { this.drawn = this.atlas.positions; this.load(); } }

  async load() {
    const { atlas } = this, map = atlas.data.map;
    if (!this.made || !atlas.n) { this.places = []; atlas.invalidate(); return; }
    const { head, buffer, start } = await atlas.ask("generated", { map });
    if (!this.made || map !== atlas.data.map) return;
    const P = new Float32Array(buffer, buffer.byteLength - 4 * head.n * head.dims);
    this.places = Array.from({ length: head.n }, (_, i) => atlas.unitOf(P[2 * i], P[2 * i + 1]));
    atlas.say(`Rings: ${head.n} new samples from ${head.source}; seed ${head.seed}, placed like any new item.`);
    clearTimeout(this.soon);
    if (head.later) this.soon = setTimeout(() => !atlas.closed && this.load(), 2000);
    atlas.invalidate();
  }

  draw(context, { camera, accent }) {
    context.lineWidth = 2; context.strokeStyle = accent;
    for (const [ux, uy] of this.places) { const [x, y] = camera.toScreen(ux, uy); context.beginPath(); context.arc(x, y, 6, 0, 7); context.stroke(); }
  }
}
