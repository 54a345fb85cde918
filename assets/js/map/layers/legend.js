// The legend: every class with its count, hidden and shown by a click, alone by a double click,
// found by a search; of numbers a scale with ticks and how the values are spread, and the part of
// it that is shown. What is said of colours is said by lvm_core/colouring.py.

import { counted } from "../../shared/bits.js";
import { button, element } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";

const MOST_COVERED = 0.15; // of the map, by a legend that nobody opened
const SEARCH_FROM = 20,
  BINS = 51,
  NO_VALUE = 255;

export class LegendLayer {
  /** @type {import("../atlas.js").Atlas} */ atlas;
  /** @type {Set<number>} */ off;
  /** @type {number[]} */ range;
  /** @type {boolean} */ shut;
  /** Whether a hand opened or shut it. @type {boolean} */ touched;
  /** Whether what it says is new. @type {boolean} */ fresh;
  /** @type {string} */ what;
  /** @type {any} */ head;
  /** @type {Uint32Array} */ counts;
  /** @type {HTMLElement} */ body;
  /** @type {HTMLElement} */ foot;
  /** @type {any[]} */ lines;
  /** @type {HTMLInputElement[]} */ ends;
  /** @type {HTMLCanvasElement} */ canvas;
  /** @type {number} */ soon;

  /**
   * @param {import("../atlas.js").Atlas} atlas
   */
  constructor(atlas) {
    this.atlas = atlas;
    this.off = new Set();
    this.range = [0, NO_VALUE - 1];
    this.shut = atlas.stage.clientWidth < 560;
  }

  scene(head) {
    const what = JSON.stringify([this.atlas.data.map, this.atlas.data.colour, head.scale?.kind]);
    if (what !== this.what) {
      this.dim();
      if (this.atlas.hiding.has(this)) this.atlas.hide(null, this);
      this.off.clear();
      this.range = [0, NO_VALUE - 1];
      this.what = what;
      this.fresh = !this.touched;
    }
    this.head = head;
    this.counts = new Uint32Array(256);
    for (let i = 0; i < this.atlas.n; i++) this.counts[this.atlas.look0[i]]++;
    this.build();
    if (this.fresh && !this.shut && this.covered() > MOST_COVERED) {
      this.shut = true;
      this.build();
    }
    this.fresh = false;
  }

  /** The share of the map that the legend lies on. */
  covered() {
    const { legendBox: box, stage } = this.atlas;
    if (!stage.contains(box)) return 0;
    return (box.offsetWidth * box.offsetHeight) / (stage.clientWidth * stage.clientHeight || 1);
  }

  narrowed() {
    return this.range[0] > 0 || this.range[1] < NO_VALUE - 1;
  }

  build() {
    const { head, atlas } = this,
      box = atlas.legendBox;
    box.replaceChildren();
    box.classList.toggle("at-lg-shut", this.shut);
    if (!head.groups && !head.scale) {
      atlas.room();
      return;
    }
    const open = button("at-lg-head", "", "show or hide the legend", () => {
      this.shut = !this.shut;
      this.touched = true;
      this.build();
    });
    open.setAttribute("aria-expanded", String(!this.shut));
    open.append(
      element("b", "", head.title || "Colours"),
      icon(this.shut ? "shut" : "open"),
    );
    box.append(open);
    if (!this.shut) {
      this.body = element("div", "at-lg-body");
      box.append(this.body);
      if (head.scale) this.scale();
      else this.classes();
      this.foot = element("div", "at-lg-foot");
      box.append(this.foot);
      this.say();
    }
    atlas.room();
  }

  // -- classes ------------------------------------------------------------------------------------

  classes() {
    const { groups } = this.head;
    if (groups.length > SEARCH_FROM) {
      const search = Object.assign(element("input", "at-lg-find"), {
        type: "search",
        placeholder: `Find one of ${groups.length}`,
      });
      search.setAttribute("aria-label", "find a class");
      search.addEventListener("input", () => {
        for (const { line, group } of this.lines)
          line.hidden = !group.name.toLowerCase().includes(search.value.toLowerCase().trim());
      });
      this.body.before(search);
    }
    this.lines = groups.map((group) => this.line(group));
    this.body.append(...this.lines.map(({ line }) => line));
    this.press();
  }

  line(group) {
    const line = element("div", "at-lg-line"),
      key = button("at-lg-key", "", "", (event) => {
        if (event.detail < 2) this.toggle(group.index);
      });
    const dot = element("i", "at-dot"),
      only = button("at-lg-only", "only", `show only ${group.name}`, () => this.solo(group.index));
    dot.style.background = group.color;
    key.append(
      dot,
      element("span", "at-lg-name", group.name),
      element("span", "at-lg-count", group.count.toLocaleString("en")),
    );
    key.title = "Click hides or shows, double click shows it alone";
    key.setAttribute("aria-label", `${group.name}, ${group.count} points`);
    // its first click, taken back
    key.addEventListener("dblclick", () => {
      this.toggle(group.index);
      this.solo(group.index);
    });
    for (const [event, index] of [
      ["pointerenter", group.index],
      ["pointerleave", null],
      ["focus", group.index],
      ["blur", null],
    ])
      line.addEventListener(event, () => this.glow(index), true);
    line.append(key, only);
    return { line, key, group };
  }

  toggle(index) {
    if (this.off.has(index)) this.off.delete(index);
    else this.off.add(index);
    this.apply();
  }

  // This class alone; again: all.
  solo(index) {
    const all =
        this.head.groups?.map((g) => g.index) || Array.from({ length: NO_VALUE }, (_, v) => v),
      others = all.filter((i) => i !== index),
      alone = !this.off.has(index) && others.every((i) => this.off.has(i));
    this.off = new Set(alone ? [] : others);
    this.apply();
  }

  press() {
    for (const { key, group } of this.lines || [])
      key.setAttribute("aria-pressed", String(!this.off.has(group.index)));
  }

  // The others step back while a class is pointed at.
  glow(index) {
    clearTimeout(this.soon);
    this.soon = setTimeout(
      () => {
        const { atlas } = this;
        if (index === null) {
          this.dim();
          return;
        }
        if (atlas.selected || this.off.has(index)) return;
        atlas.fade(
          atlas.look0.map((v) => (v === index ? 255 : 26)),
          this,
        );
      },
      index === null ? 60 : 120,
    );
  }

  dim() {
    clearTimeout(this.soon);
    if (this.atlas.fading.has(this)) this.atlas.fade(null, this);
  }

  // -- a scale ------------------------------------------------------------------------------------

  scale() {
    const { scale, missing } = this.head,
      canvas = (this.canvas = element("canvas", "at-lg-bars")),
      ticks = element("div", "at-lg-ticks");
    canvas.width = 2 * 204;
    canvas.height = 2 * 40;
    canvas.setAttribute("role", "img");
    canvas.setAttribute(
      "aria-label",
      `how the values are spread, from ${scale.ends[0]} to ${scale.ends[1]}`,
    );
    canvas.title = "Drag over it to show only a part";
    this.brush(canvas);
    for (const [share, words] of this.fitting(scale.ticks)) {
      const tick = element("span", "", words);
      tick.style.left = `${100 * share}%`;
      ticks.append(tick);
    }
    const ends = ["from", "to"].map((name, side) => {
      const input = Object.assign(element("input", "at-lg-end"), {
        type: "range",
        min: 0,
        max: NO_VALUE - 1,
        value: this.range[side],
      });
      input.setAttribute("aria-label", `show values ${name}`);
      input.addEventListener("input", () => {
        this.range[side] = Number(input.value);
        if (this.range[0] > this.range[1]) this.range[1 - side] = this.range[side];
        this.apply();
      });
      return input;
    });
    this.ends = ends;
    const values = element(
      "div",
      "at-lg-values",
      scale.median === undefined
        ? ""
        : `min ${scale.min} · median ${scale.median} · max ${scale.max}`,
    );
    this.body.append(canvas, ticks, ...ends, values);
    if (scale.scales.length > 1) this.body.append(this.kinds(scale));
    if (missing)
      ((this.lines = [
        this.line({ name: "(missing)", index: NO_VALUE, count: missing, color: "#B0B0B0" }),
      ]),
        this.body.append(this.lines[0].line),
        this.press());
    this.bars();
  }

  // Ticks that have room beside each other.
  fitting(ticks) {
    let free = -1;
    return ticks.filter(([share, words]) => {
      const half = (words.length * 3.3) / 204;
      if (share - half < free) return false;
      free = share + half + 0.02;
      return true;
    });
  }

  kinds(scale) {
    const box = element("div", "at-lg-kinds"),
      named = { sequential: "linear", diverging: "from zero", log: "log" };
    for (const kind of scale.scales) {
      const choice = button("", named[kind], "", () => this.rescale(kind));
      choice.setAttribute("aria-pressed", String(kind === scale.kind));
      box.append(choice);
    }
    return box;
  }

  async rescale(kind) {
    const { atlas } = this,
      { map, colour } = atlas.data,
      { head, buffer, start } = await atlas.wire.request(
        "colours",
        { map, colour, scale: kind },
        null,
      );
    if (atlas.data.colour !== colour || atlas.data.map !== map) return;
    atlas.look0 = new Uint8Array(buffer, start + 1024, atlas.n).slice();
    Object.assign(atlas.head, head);
    atlas.setColours(atlas.head, new Uint8Array(buffer, start, 1024));
    atlas.dress();
    atlas.layers("scene", atlas.head);
    atlas.tell("scene", atlas.head);
  }

  bars() {
    const { canvas, counts, range, atlas } = this,
      context = canvas.getContext("2d"),
      w = canvas.width / BINS,
      sums = Array.from({ length: BINS }, (_, b) => {
        let sum = 0;
        for (let v = 5 * b; v < 5 * b + 5; v++) sum += counts[v];
        return sum;
      });
    const most = Math.max(1, ...sums),
      colour = (v) => `rgb(${atlas.ownColours.subarray(4 * v, 4 * v + 3).join(",")})`;
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (let b = 0; b < BINS; b++) {
      const v = 5 * b + 2,
        inside = v >= range[0] && v <= range[1],
        h = sums[b] ? 2 + ((canvas.height - 24) * sums[b]) / most : 0;
      context.globalAlpha = inside ? 1 : 0.25;
      context.fillStyle = colour(v);
      context.fillRect(b * w, canvas.height - 18 - h, w - 1, h);
      context.fillRect(b * w, canvas.height - 16, w + 0.5, 16);
    }
    context.globalAlpha = 1;
  }

  brush(canvas) {
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return Math.round(
        Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * (NO_VALUE - 1),
      );
    };
    let from = null;
    canvas.addEventListener("pointerdown", (event) => {
      from = at(event);
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const to = at(event);
      if (Math.abs(to - from) > 3) {
        this.range = [Math.min(from, to), Math.max(from, to)];
        this.apply();
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      if (from !== null && Math.abs(at(event) - from) <= 3) {
        this.range = [0, NO_VALUE - 1];
        this.apply();
      }
      from = null;
    });
  }

  // -- what is shown ------------------------------------------------------------------------------

  apply() {
    const { atlas, off, range } = this,
      gone = new Uint8Array(256);
    for (const index of off) gone[index] = 1;
    if (this.head.scale)
      for (let v = 0; v < NO_VALUE; v++) if (v < range[0] || v > range[1]) gone[v] = 1;
    let bits = null;
    if (gone.some(Boolean)) {
      bits = new Uint8Array(Math.ceil(atlas.n / 8));
      for (let i = 0; i < atlas.n; i++) if (gone[atlas.look0[i]]) bits[i >> 3] |= 1 << (i & 7);
    }
    this.dim();
    atlas.hide(bits, this);
    this.press();
    if (this.ends)
      this.ends.forEach((input, side) => {
        input.value = String(range[side]);
      });
    if (this.head.scale) this.bars();
    this.say();
  }

  say() {
    const { head, atlas, off } = this,
      parts = head.note ? [element("span", "", head.note)] : [];
    if (off.size || this.narrowed()) {
      const shown = atlas.hidden ? atlas.n - counted(atlas.hidden, atlas.n) : atlas.n;
      parts.unshift(
        element(
          "span",
          "",
          `${shown.toLocaleString("en")} of ${atlas.n.toLocaleString("en")} points shown`,
        ),
        button("at-lg-all", "show all", "", () => {
          this.off.clear();
          this.range = [0, NO_VALUE - 1];
          this.apply();
        }),
      );
    }
    this.foot.replaceChildren(...parts);
  }

  close() {
    clearTimeout(this.soon);
  }
}
