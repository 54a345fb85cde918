// A map while it is made: its points move from where they were seen to where they are by now.

export class LiveMapLayer {
  /** @type {import("../atlas.js").Atlas} */ atlas;
  /** @type {string | null} */ job;
  /** @type {number} */ since;
  /** @type {number} */ timer;
  /** @type {number} */ frame;
  /** @type {boolean} */ shown;
  /** Whether another map is seen until its points come. @type {boolean} */ waiting;
  /** @type {string} */ map;

  static EVERY = 300; // milliseconds between two questions, and of a move
  static MOVED = 60000; // points beyond which they jump

  /**
   * @param {import("../atlas.js").Atlas} atlas
   */
  constructor(atlas) {
    this.atlas = atlas;
    this.data(atlas.data);
  }

  data(data) {
    if ((data.job || null) === this.job) return;
    this.job = data.job || null;
    this.since = 0;
    clearTimeout(this.timer);
    if (this.shown && !this.job) this.end(data);
    if (this.job) {
      this.meanwhile();
      this.ask();
    } else if (this.waiting) this.rest();
  }

  // The job has ended: the map it made comes under a name of its own; where it failed, the one
  // below is drawn again.
  end(data) {
    this.rest();
    if (data.map === this.map) this.atlas.load();
  }

  // Until its points come, another map is seen.
  meanwhile() {
    const { atlas } = this;
    this.waiting = true;
    if (atlas.n && !this.shown) atlas.say(`Showing ${atlas.data.title} meanwhile.`);
  }

  scene() {
    this.rest();
    if (this.job) this.meanwhile();
  }

  rest() {
    const { atlas } = this;
    if (this.shown || this.waiting) atlas.words = null;
    this.waiting = false;
    if (atlas.hiding.has(this)) atlas.hide(null, this);
    this.shown = false;
    cancelAnimationFrame(this.frame);
    delete atlas.find;
    delete atlas.choose;
  }

  async ask() {
    const { atlas, job } = this;
    if (atlas.closed) return;
    try {
      if (atlas.loaded && atlas.loaded === atlas.n) {
        const { head, buffer, start } = await atlas.wire.request(
          "forming",
          { job, since: this.since },
          null,
        );
        if (job !== this.job || atlas.closed) return;
        if (head.m) {
          this.since = head.version;
          this.take(head, buffer, start);
        }
        if (!head.running) return;
      }
    } catch (error) {
      console.warn(error);
    }
    this.timer = setTimeout(() => this.ask(), LiveMapLayer.EVERY);
  }

  take({ m, dims, whole }, buffer, start) {
    const { atlas } = this,
      places = whole ? null : new Int32Array(buffer, start, m),
      units = new Uint16Array(buffer, start + (whole ? 0 : 4 * m), dims * m);
    // the map below is another one: it is about to be drawn
    if (dims !== atlas.dims || (whole && m !== atlas.n)) return;
    if (!this.shown) {
      this.shown = true;
      this.map = atlas.data.map;
      this.hold();
      if (places) this.only(places);
    }
    atlas.say(
      `${whole ? "" : `${m.toLocaleString("en-US")} of ${atlas.n.toLocaleString("en-US")} points: `}the map is being made; this is where they are by now.`,
    );
    this.move(places, units, m);
  }

  // The server knows the places of finished maps only: nothing is picked or chosen meanwhile.
  hold() {
    const { atlas } = this;
    atlas.leave();
    atlas.find = async () => null;
    atlas.choose = () => atlas.say("Choose when the map is made.");
  }

  // Of a sample only its points are seen.
  only(places) {
    const bits = new Uint8Array((this.atlas.n + 7) >> 3).fill(255);
    for (const i of places) bits[i >> 3] &= ~(1 << (i & 7));
    this.atlas.hide(bits, this);
  }

  move(places, units, m) {
    const { atlas } = this,
      { positions, dims } = atlas,
      from = new Uint16Array(dims * m),
      begun = performance.now(),
      calm = m > LiveMapLayer.MOVED || matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (let t = 0; t < m; t++) {
      const i = places ? places[t] : t;
      for (let j = 0; j < dims; j++) from[dims * t + j] = positions[dims * i + j];
    }
    cancelAnimationFrame(this.frame);
    const step = () => {
      if (atlas.closed || !this.shown) return;
      const share = calm ? 1 : Math.min(1, (performance.now() - begun) / LiveMapLayer.EVERY);
      for (let t = 0; t < m; t++) {
        const i = places ? places[t] : t;
        for (let j = 0; j < dims; j++) {
          const at = from[dims * t + j];
          positions[dims * i + j] = at + share * (units[dims * t + j] - at);
        }
      }
      atlas.placed();
      atlas.stale = true;
      atlas.invalidate();
      if (share < 1) this.frame = requestAnimationFrame(step);
    };
    step();
  }

  close() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.job = null;
  }
}
