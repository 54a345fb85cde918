// The hand on the map: drag, wheel, pinch, keys, box and lasso; one in 3-D is turned by it, and
// moved with Shift or the right button. What is chosen is decided by the server.

// what lies on the stage and takes the pointer itself
const OWN = ".at-legend, .at-bar, .at-own";
const CLICK = 4; // pixels a press may wander and still be a click

export class Gestures {
  /** @type {Handled} */ atlas;
  /** @type {HTMLElement} */ stage;
  /** @type {Element} */ shape;
  /** @type {Map<number, Pair>} */ fingers;
  /** @type {Pair[] | null} */ corners;
  /** @type {string} */ tool;
  /** @type {Pair} */ start;
  /** @type {boolean} */ wandered;
  /** @type {boolean} */ pinched;
  /** Whether a drag moves a map that turns. @type {boolean} */ aside;

  /**
   * @param {Handled} atlas
   * @param {HTMLElement} stage
   * @param {Element} shape
   * @param {AbortSignal} signal
   */
  constructor(atlas, stage, shape, signal) {
    Object.assign(this, { atlas, stage, shape, fingers: new Map(), corners: null });
    const on = (kind, act, options = {}) =>
        stage.addEventListener(kind, act.bind(this), { signal, ...options }),
      over = (event) => event.target.closest(OWN);
    on("pointerdown", this.down);
    on("pointermove", this.move);
    on("pointerup", this.up);
    on("pointercancel", this.drop);
    on("pointerleave", () => atlas.point(null));
    on("contextmenu", (event) => {
      if (atlas.camera.turns && !over(event)) event.preventDefault();
    });
    on("keydown", this.key);
    on(
      "wheel",
      (event) => {
        if (!over(event)) this.wheel(event);
      },
      { passive: false },
    );
    on("dblclick", (event) => {
      if (this.tool === "pan" && !over(event)) atlas.fit();
    });
    this.set("pan");
  }

  set(tool) {
    this.tool = tool;
    this.stage.dataset.tool = tool;
    this.end();
  }

  /**
   * @param {MouseEvent} event
   * @returns {Pair}
   */
  at(event) {
    const box = this.stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    this.aside = event.shiftKey || event.button === 2;
    const may = event.button === 0 || (event.button === 2 && this.atlas.camera.turns);
    if (!may || event.target.closest(OWN)) return;
    this.stage.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size === 2) {
      this.end();
      this.pinched = true;
      return;
    }
    this.start = at;
    this.wandered = false;
    this.pinched = false;
    if (this.tool !== "pan" && event.button === 0) this.corners = [at];
  }

  move(event) {
    const at = this.at(event),
      before = this.fingers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") this.atlas.point(event.target.closest(OWN) ? null : at);
      return;
    }
    if (Math.hypot(at[0] - this.start[0], at[1] - this.start[1]) > CLICK) this.wandered = true;
    if (this.fingers.size === 2) this.pinch(event.pointerId, at);
    else if (this.corners) this.extend(at);
    else if (this.wandered) {
      this.atlas.point(null);
      this.atlas.camera.drag(at[0] - before[0], at[1] - before[1], this.aside);
      this.atlas.moved();
    }
    this.fingers.set(event.pointerId, at);
  }

  pinch(id, at) {
    const before = this.fingers.get(id),
      other = [...this.fingers].find(([key]) => key !== id)[1],
      far = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
    this.atlas.camera.zoom(
      far(at) / Math.max(1, far(before)),
      (at[0] + other[0]) / 2,
      (at[1] + other[1]) / 2,
    );
    this.atlas.camera.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    this.atlas.moved();
  }

  extend(at) {
    const last = this.corners.at(-1);
    if (this.tool === "box")
      this.corners = [this.start, [at[0], this.start[1]], at, [this.start[0], at[1]]];
    else if (Math.hypot(at[0] - last[0], at[1] - last[1]) > 3 && this.corners.length < 390)
      this.corners.push(at);
    this.show();
  }

  up(event) {
    const held = this.fingers.delete(event.pointerId),
      corners = this.corners;
    if (!held) return;
    this.end();
    if (this.pinched) return;
    if (!this.wandered) {
      if (event.button === 0) this.atlas.click(this.at(event), event);
    }
    else if (corners && corners.length > 2)
      this.atlas.choose(corners, event.shiftKey ? "add" : event.altKey ? "remove" : "replace");
  }

  drop(event) {
    this.fingers.delete(event.pointerId);
    this.end();
  }

  end() {
    this.corners = null;
    this.show();
  }

  show() {
    this.shape.setAttribute(
      "points",
      (this.corners || []).map((c) => c.map((v) => v.toFixed(1)).join(",")).join(" "),
    );
  }

  wheel(event) {
    event.preventDefault();
    const step = event.deltaMode === 1 ? 30 : 1;
    this.atlas.camera.zoom(
      Math.exp(-Math.max(-240, Math.min(240, event.deltaY * step)) / 400),
      ...this.at(event),
    );
    this.atlas.moved();
  }

  key(event) {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey) return;
    const { atlas } = this,
      step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
        event.key
      ];
    if (step) atlas.camera.step(step[0], step[1], event.shiftKey);
    else if (event.key === "+" || event.key === "=") atlas.camera.zoom(1.3);
    else if (event.key === "-") atlas.camera.zoom(1 / 1.3);
    else if (event.key === "0") {
      atlas.fit();
      event.preventDefault();
      return;
    } else if (event.key === "Escape") {
      if (this.corners) this.end();
      else atlas.clear();
      return;
    } else {
      atlas.layers("key", event);
      return;
    }
    event.preventDefault();
    atlas.moved();
  }
}
