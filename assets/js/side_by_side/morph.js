// One map turned into another: every point goes straight from its place on the first to its place
// on the second.

import { REACH } from "../map/atlas.js";

const SECONDS = 1.8;

/**
 * When a pane that moves counts as still: several panes take longer to draw than one, and a frame
 * must not end the movement.
 * @param {import("../map/atlas.js").Atlas} atlas
 */
export function rest(atlas) {
  clearTimeout(atlas.resting);
  atlas.resting = setTimeout(() => {
    atlas.moving = false;
    atlas.stale = true;
    atlas.invalidate();
  }, 380);
}

export class Morph {
  /** @type {import("../map/atlas.js").Atlas} */ from;
  /** @type {import("../map/atlas.js").Atlas} */ to;
  /** @type {(t: number) => void} */ moved;
  /** @type {number} */ t;
  /** @type {{ find: any, choose: any }} */ own;
  /** @type {Uint16Array} */ base;
  /** @type {Uint16Array} */ drawn;
  /** @type {number} */ playing;

  constructor(from, to, moved) {
    Object.assign(this, { from, to, moved, t: 0, own: { find: from.find, choose: from.choose } });
  }

  get ready() {
    return this.from.n > 0 && this.from.loaded === this.from.n && this.to.loaded === this.to.n;
  }

  // 0 is the first map, 1 the second.
  set(t) {
    if (!this.ready) return;
    const { from, to } = this;
    // a new map was loaded
    if (!this.base || (from.positions !== this.drawn && from.positions !== this.base))
      this.base = from.positions;
    this.t = t;
    if (t === 0) {
      this.put(this.base);
      this.hands(false);
      this.moved(t);
      return;
    }
    const a = this.base,
      b = to.positions,
      drawn =
        this.drawn?.length === a.length ? this.drawn : (this.drawn = new Uint16Array(a.length));
    for (let i = 0; i < a.length; i++) drawn[i] = a[i] + (b[i] - a[i]) * t + 0.5;
    this.put(drawn);
    this.hands(true);
    this.moved(t);
  }

  put(positions) {
    const { from } = this;
    from.positions = positions;
    from.placed();
    // drawn anew; gathered anew where other points may be in view
    from.seen = null;
    from.stale ||= from.dense || !from.held?.whole;
    // where drawing is slow, fewer points while they move
    from.moving = true;
    rest(from);
    from.invalidate();
  }

  // The server knows the map, not what lies between two: meanwhile points are found here, and none
  // are chosen.
  hands(between) {
    this.from.find = between ? ([px, py]) => Promise.resolve(this.nearest(px, py)) : this.own.find;
    this.from.choose = between
      ? () =>
          this.from.say(
            "Points are chosen on the maps themselves: take the slider back to the left.",
          )
      : this.own.choose;
  }

  nearest(px, py) {
    const { from } = this,
      { positions, n } = from,
      [ux, uy] = from.camera.toUnit(px, py),
      reach = REACH / from.camera.k;
    let best = -1,
      least = reach * reach;
    for (let i = 0; i < n; i++) {
      const dx = positions[2 * i] - ux,
        dy = positions[2 * i + 1] - uy,
        d = dx * dx + dy * dy;
      if (d < least) {
        least = d;
        best = i;
      }
    }
    return best < 0 ? null : { i: best, row: from.rowOf(best) };
  }

  // To the other end; at once for who asked the system for less motion.
  play() {
    const start = this.t,
      end = start < 0.5 ? 1 : 0;
    this.stop();
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.set(end);
      return;
    }
    const began = performance.now(),
      length = Math.abs(end - start) * SECONDS * 1000;
    const step = (now) => {
      const share = Math.min(1, Math.max(0, now - began) / length),
        eased = share * share * (3 - 2 * share);
      this.set(start + (end - start) * eased);
      this.playing = share < 1 ? requestAnimationFrame(step) : 0;
    };
    this.playing = requestAnimationFrame(step);
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
  }

  close() {
    this.stop();
    if (this.base && this.t) this.put(this.base);
    Object.assign(this.from, this.own);
  }
}
