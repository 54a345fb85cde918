// Names on the map: dense regions, coarse ones first and finer ones as one comes closer. From which
// closeness on a name is shown depends on the names before it alone, never on what is in view:
// names do not jump while the map moves, and none goes while one comes closer.

import { bit } from "../../shared/bits.js";
import { CLOSEST } from "../../shared/camera.js";
import { button, element } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { UNITS } from "../../shared/order.js";
import { pixels } from "../card.js";

const FONTS = ["600 14px", "500 12.5px", "500 11.5px"],
  PICTURE = 30,
  THUMB = 32, // pixels that a thumbnail may reach beyond its point
  GAP = 6,
  AWAY = 7, // pixels from a region's outermost point
  LEADER = 16, // pixels to a region's middle from which a line leads there
  WEIGHED = 4000, // points that names are kept off
  FAR = 30, // pixels from a region's middle that weigh as much as one of them
  FINER = 40, // pixels of a finer region's radius from which it is named
  NAMED_MOST = 600;

export class RegionsLayer {
  /** @type {import("../atlas.js").Atlas} */ atlas;
  /** @type {boolean} */ on;
  /** @type {any[]} */ regions;
  /** @type {any[]} */ boxes;
  /** @type {any[]} */ labels;
  /** @type {Map<number, HTMLCanvasElement>} */ pictures;
  /** @type {boolean} */ waiting;
  /** @type {HTMLButtonElement} */ toggle;
  /** @type {HTMLDetailsElement} */ list;
  /** @type {(event: PointerEvent) => void} */ hovered;
  /** @type {number} */ timer;
  /** @type {string} */ map;
  /** @type {Uint16Array} */ drawn;
  /** @type {any} */ found;
  /** @type {string} */ laid;
  /** @type {any} */ over;

  /**
   * @param {import("../atlas.js").Atlas} atlas
   */
  constructor(atlas) {
    Object.assign(this, {
      atlas,
      on: true,
      regions: [],
      boxes: [],
      pictures: new Map(),
      waiting: !!atlas.data.job,
    });
    this.toggle = button(
      "at-labels",
      "Aa",
      "Labels: dense regions of this picture, named by what their items share. They are regions of the picture, not proof of groups in the data.",
      () => this.set(!this.on),
    );
    this.toggle.setAttribute("aria-label", "labels");
    this.toggle.setAttribute("aria-pressed", "true");
    atlas.bar.append(this.toggle);
    this.list = element("details", "at-names");
    this.list.hidden = true;
    atlas.side.append(this.list);
    this.hovered = (event) => this.point(event);
    atlas.stage.addEventListener("pointermove", this.hovered);
  }

  close() {
    clearTimeout(this.timer);
    this.atlas.stage.removeEventListener("pointermove", this.hovered);
  }

  set(on) {
    this.on = on;
    this.toggle.setAttribute("aria-pressed", String(on));
    if (on) this.scene();
    this.show();
    this.atlas.invalidate();
  }

  scene() {
    const { map } = this.atlas.data;
    if (
      !this.on ||
      this.atlas.data.job ||
      !this.atlas.head ||
      (this.map === map && this.drawn === this.atlas.positions)
    )
      return;
    this.map = map;
    this.drawn = this.atlas.positions;
    this.regions = [];
    this.boxes = [];
    this.show();
    // the points come first
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(map), 400);
  }

  // A map that was being made is there now. Otherwise the list stays as it is, scrolled and with a
  // name half written.
  data({ job }) {
    this.scene();
    if (!!job !== this.waiting) {
      this.waiting = !!job;
      this.show();
    }
  }

  async load(map) {
    if (this.atlas.closed || map !== this.atlas.data.map) return;
    const { head } = await this.atlas.ask("names", { map });
    if (this.atlas.closed || map !== this.atlas.data.map) return;
    if (head.state !== "done") {
      this.timer = setTimeout(() => this.load(map), 600);
      return;
    }
    this.found = head;
    this.regions = head.regions.slice(0, NAMED_MOST);
    this.atlas.root.dataset.named = String(this.regions.length); // for tests
    this.arrange();
    this.show();
    this.atlas.invalidate();
    if (["image", "array"].includes(this.atlas.data.kind)) this.illustrate();
  }

  async illustrate() {
    const rows = [...new Set(this.regions.map((r) => r.row))].slice(0, 300);
    if (!rows.length) return;
    const {
        head: { shape },
        buffer,
        start,
      } = await this.atlas.ask("small", {}, rows),
      size = shape.slice(1).reduce((a, b) => a * b);
    rows.forEach((row, i) => {
      const bytes = new Uint8Array(buffer, start + i * size, size);
      this.pictures.set(
        row,
        shape.length === 4
          ? pixels([1, ...shape.slice(1)], bytes)
          : spark(bytes, this.atlas.accent),
      );
    });
    this.arrange();
    this.show();
    this.atlas.invalidate();
  }

  // What places of names depend on, besides the map: how large it is, and how much of it lies under
  // the legend.
  room() {
    const { left, top, width, height } = this.atlas.camera;
    return `${left} ${top} ${width} ${height} ${this.thumbs}`;
  }

  get thumbs() {
    return this.atlas.made.some((/** @type {any} */ layer) => layer.cells && layer.on);
  }

  arrange() {
    const { atlas } = this,
      { camera } = atlas;
    this.labels = [];
    this.laid = this.room();
    if (!atlas.head || !this.regions.length) return;
    const context = atlas.overlay.getContext("2d"),
      font = getComputedStyle(atlas.root).fontFamily,
      k = camera.k / camera.scale,
      thumbs = this.thumbs;
    const labels = this.regions
      .map((region) => {
        const picture = !thumbs && this.pictures.get(region.row),
          text = shorter(region.name, 34);
        context.font = `${FONTS[region.level] || FONTS[2]} ${font}`;
        const w =
            (text ? context.measureText(text).width : 0) +
            (picture ? PICTURE + (text ? 5 : 0) : 0),
          reach = (region.radius / atlas.head.side) * UNITS * k;
        return {
          region,
          text,
          picture,
          font: context.font,
          middle: atlas.unitOf(...region.at),
          edge: region.edge.map((place) => atlas.unitOf(...place)),
          w,
          h: picture ? PICTURE : 17,
          gap: AWAY + (thumbs ? THUMB / 2 : 0),
          from: region.level ? FINER / Math.max(reach, 1e-6) : 0,
        };
      })
      .filter(({ w }) => w > 0);
    if (atlas.dims === 3) {
      this.labels = labels;
      return;
    }
    const { positions, bar } = atlas,
      { left, top, width, height } = camera,
      room = { left, top: Math.max(top, bar.offsetTop + bar.offsetHeight), width, height, cx: camera.cx, cy: camera.cy },
      points = Array.from({ length: Math.min(atlas.loaded, WEIGHED) }, (_, i) => [
        positions[2 * i],
        positions[2 * i + 1],
      ]);
    this.labels = closeness(beside(labels, points, room, k), k).filter(
      ({ from }) => from <= CLOSEST,
    );
  }

  // Where names are now, the lowest first.
  lay() {
    const { atlas } = this,
      { camera, data, hidden, order } = atlas;
    this.boxes = [];
    if (!this.on || data.job || !this.labels || !this.regions.length) return;
    if (this.laid !== this.room()) this.arrange();
    for (const label of this.labels) {
      // it goes with what it is the middle of
      if (label.from > camera.scale || (hidden && bit(hidden, order.place(label.region.row))))
        continue;
      const [x, y] = atlas.dims === 3 ? above(label, camera) : beyond(label, camera),
        box = {
          label,
          left: x - label.w / 2 - 3,
          top: y - label.h / 2 - 3,
          right: x + label.w / 2 + 3,
          bottom: y + label.h / 2 + 3,
        };
      if (box.right < 0 || box.left > camera.width || box.bottom < 0 || box.top > camera.height)
        continue;
      // how names lie to each other changes as the map turns: the coarser and larger keep theirs
      if (atlas.dims === 3 && this.boxes.some((other) => overlap(box, other))) continue;
      this.boxes.push(box);
    }
  }

  draw(context, { camera, root }) {
    this.lay();
    const style = getComputedStyle(root),
      ink = style.getPropertyValue("--ink") || "#17242b",
      ground = style.getPropertyValue("--ground") || "#fff";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const box of this.boxes) {
      const { middle } = box.label;
      this.leader(context, box, camera.toScreen(...middle), ink);
      context.globalAlpha = camera.solid(...middle);
      this.one(context, box.label, box.left + 3, (box.top + box.bottom) / 2, ink, ground);
      context.globalAlpha = 1;
    }
  }

  // From a name to the middle of what it names.
  leader(context, { left, top, right, bottom }, [mx, my], ink) {
    const x = Math.min(right, Math.max(left, mx)),
      y = Math.min(bottom, Math.max(top, my));
    if (Math.hypot(mx - x, my - y) < LEADER) return;
    context.globalAlpha = 0.4;
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(mx, my);
    context.stroke();
    context.beginPath();
    context.arc(mx, my, 1.5, 0, 7);
    context.fill();
  }

  one(context, label, left, y, ink, ground) {
    const { picture } = label,
      solid = context.globalAlpha;
    if (picture) {
      const scale = PICTURE / Math.max(picture.width, picture.height),
        w = picture.width * scale,
        h = picture.height * scale,
        x = left + (PICTURE - w) / 2;
      context.imageSmoothingEnabled = scale < 1;
      context.fillStyle = ground;
      context.fillRect(x - 2, y - h / 2 - 2, w + 4, h + 4);
      context.drawImage(picture, x, y - h / 2, w, h);
      left += PICTURE + 5;
    }
    if (!label.text) return;
    context.font = label.font;
    context.strokeStyle = ground;
    context.lineWidth = 3;
    // points of other regions are seen through it
    context.globalAlpha = 0.75 * solid;
    context.strokeText(label.text, left, y);
    context.globalAlpha = solid;
    context.fillStyle = ink;
    context.fillText(label.text, left, y);
    if (label === this.over)
      context.fillRect(left, y + 8, label.w - (picture ? PICTURE + 5 : 0), 1.5);
  }

  // Whether a name lies over a square.
  covers(x, y, half) {
    return this.boxes.some((box) =>
      overlap(box, { left: x - half, right: x + half, top: y - half, bottom: y + half }),
    );
  }

  under([x, y]) {
    return (
      this.boxes.findLast(
        (box) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom,
      )?.label || null
    );
  }

  point(event) {
    const box = this.atlas.stage.getBoundingClientRect(),
      over = event.target.closest(".at-legend")
        ? null
        : this.under([event.clientX - box.left, event.clientY - box.top]);
    if (over === (this.over || null)) return;
    this.over = over;
    this.atlas.stage.classList.toggle("at-named", !!over);
    this.atlas.invalidate();
  }

  takes(at, event) {
    const label = this.on && this.under(at);
    if (!label) return false;
    this.choose(label.region, event.shiftKey ? "add" : event.altKey ? "remove" : "replace");
    return true;
  }

  choose(region, how = "replace") {
    this.atlas.say(
      `${region.name || "a region without a name"}: ${region.count.toLocaleString("en")} points`,
    );
    return this.atlas.change({ by: "cluster", key: region.key, how }, []);
  }

  // -- the same as a list, for keys and screen readers, and to give other names -------------------

  show() {
    const { list, regions, found } = this;
    list.hidden = !this.on || !!this.atlas.data.job || !regions.length;
    if (list.hidden) return;
    const summary = element("summary", "", `${regions.length} regions`),
      lines = element("ul", "at-names-list"),
      many = (v) => v.toLocaleString("en");
    const words =
      `Dense regions of this picture (HDBSCAN${found.fitted < found.n ? ` on ${many(found.fitted)} of ${many(found.n)} points, the others with their nearest` : ""}), not proof of groups in the data. ` +
      `In none: ${found.none.map((none, level) => `${many(none)} of ${many(found.n)} points ${["at the coarsest level", "at the middle one", "at the finest"][level] || ""}`).join(", ")}.`;
    summary.title = words;
    for (const region of regions) lines.append(this.entry(region));
    list.replaceChildren(summary, element("p", "at-names-note", words), lines);
  }

  entry(region) {
    const line = element("li", `at-names-${region.level}`),
      many = region.count.toLocaleString("en"),
      picture = this.pictures.get(region.row);
    const choose = button(
      "at-names-choose",
      "",
      `choose ${region.name || "this region"}, ${many} points`,
      (event) => this.choose(region, event.shiftKey ? "add" : "replace"),
    );
    if (picture) choose.append(copy(picture));
    choose.append(
      element("span", region.name ? "" : "at-names-none", region.name || "no name"),
      element("span", "at-lg-count", many),
    );
    const rename = button(
      "at-names-pen",
      "",
      `give ${region.name || "this region"} another name`,
      () => this.edit(region, line),
    );
    rename.append(icon("pen"));
    line.append(choose, rename);
    return line;
  }

  edit(region, line) {
    const input = Object.assign(element("input", "at-lg-find"), {
      value: region.own ? region.name : "",
      placeholder: region.name || "name",
      maxLength: 60,
    });
    let over = false;
    const end = async (keep) => {
      if (over) return;
      over = true;
      try {
        if (keep) {
          const { head } = await this.atlas.wire.tell("call", {
            map: this.map,
            key: region.key,
            name: input.value.trim(),
          });
          Object.assign(region, { name: head.name, own: head.own });
        }
      } finally {
        line.replaceWith(this.entry(region));
        this.arrange();
        this.atlas.invalidate();
      }
    };
    input.setAttribute("aria-label", "another name; empty brings the automatic one back");
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") end(true);
      else if (event.key === "Escape") end(false);
    });
    input.addEventListener("blur", () => end(false));
    line.replaceChildren(input);
    input.focus();
  }
}

// Where a name is seen that belongs to a place and stands some pixels off.
function beyond({ x, y, aside, above }, camera) {
  const [px, py] = camera.toScreen(x, y);
  return [px + aside, py + above];
}

// In 3-D: over what is seen uppermost of its region, wherever the map is turned.
function above({ edge, h, gap }, camera) {
  const [x, y] = edge
    .map((units) => camera.toScreen(...units))
    .reduce((top, at) => (at[1] < top[1] ? at : top));
  return [x, y - h / 2 - gap];
}

function overlap(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/**
 * Put names beside what they name: each beyond the outermost point of its region to the top, the
 * bottom, the left or the right, so that it covers none of that region's points however close one
 * comes; where it covers the fewest of the others, and of the names before it, when it is first
 * seen. Adds to each where it belongs (x, y in units) and how far off it stands (`aside`, `above` in
 * pixels).
 * @template {{ edge: number[][], middle: number[], w: number, h: number, gap: number, from: number }} T
 * @param {T[]} labels
 * @param {number[][]} points: some of the points, in units
 * @param {{ left: number, top: number, width: number, height: number, cx: number, cy: number }} room:
 *   pixels of the window, those at its left and top that something lies over, and where the middle
 *   of the map is
 * @param {number} k: pixels a unit at scale 1
 * @returns {(T & { x: number, y: number, aside: number, above: number })[]}
 */
export function beside(labels, points, room, k) {
  const { cx, cy } = room,
    most = (edge, j, sign) => edge.reduce((far, at) => (sign * at[j] > sign * far[j] ? at : far)),
    put = /** @type {any[]} */ ([]);
  for (const label of labels) {
    const { edge, w, h, gap } = label,
      scale = Math.max(1, label.from),
      screen = (at) => [(at[0] - UNITS / 2) * k, (UNITS / 2 - at[1]) * k];
    let best = null;
    for (const [j, sign] of [
      [1, 1],
      [1, -1],
      [0, 1],
      [0, -1],
    ])
      for (const slide of [0, -0.4, 0.4]) {
        const at = most(edge, j, sign),
          [x, y] = screen(at),
          sides = j
            ? [slide * w, -sign * (h / 2 + gap)]
            : [sign * (w / 2 + gap), slide * h];
        // whole where the map is seen whole, along its side
        const inside = (from, to, half, v) => Math.max(from + half, Math.min(to - half, v)),
          wanted = [cx + x + sides[0], cy + y + sides[1]],
          held = [
            inside(room.left + 6, room.width - 6, w / 2, wanted[0]),
            inside(room.top + 6, room.height - 6, h / 2, wanted[1]),
          ];
        if (Math.abs(held[j] - wanted[j]) > 0.5 && best) continue;
        const off = held.map((v, c) => (c === j ? sides[c] : v - [cx + x, cy + y][c])),
          middle = [scale * x + off[0], scale * y + off[1]],
          covers = (p, bw, bh) =>
            Math.abs(p[0] - middle[0]) < w / 2 + bw && Math.abs(p[1] - middle[1]) < h / 2 + bh;
        let cost = Math.abs(held[j] - wanted[j]) > 0.5 ? 1e6 : Math.abs(slide);
        const [mx, my] = screen(label.middle);
        cost += Math.hypot(scale * mx - middle[0], scale * my - middle[1]) / FAR;
        for (const [ux, uy] of points)
          if (covers([(ux - UNITS / 2) * k * scale, (UNITS / 2 - uy) * k * scale], 2, 2)) cost += 1;
        for (const other of put) {
          const [ox, oy] = screen([other.x, other.y]);
          if (
            other.from <= scale &&
            covers([ox * scale + other.aside, oy * scale + other.above], other.w / 2, other.h / 2)
          )
            cost += 50;
        }
        if (!best || cost < best.cost)
          best = { cost, x: at[0], y: at[1], aside: off[0], above: off[1] };
      }
    const { x, y, aside, above } = best;
    put.push(Object.assign(label, { x, y, aside, above }));
  }
  return put;
}

/**
 * How close one must come for each label (x, y in units, moved `aside` and `above`, `w` by `h` in
 * pixels): the least scale, no less than its own `from`, from which on it overlaps none of those before it
 * that are shown there. `k`: pixels a unit at scale 1.
 * @template {{ x: number, y: number, aside: number, above: number, w: number, h: number, from: number }} T
 * @param {T[]} labels
 * @param {number} k
 * @returns {T[]}
 */
export function closeness(labels, k) {
  labels.forEach((label, i) => {
    for (const other of labels.slice(0, i)) {
      const clear = Math.max(
        0,
        Math.min(
          apart((label.x - other.x) * k, label.aside - other.aside, (label.w + other.w) / 2 + GAP),
          apart((other.y - label.y) * k, label.above - other.above, (label.h + other.h) / 2 + GAP / 2),
        ),
      );
      if (other.from < clear) label.from = Math.max(label.from, clear);
    }
  });
  return labels;
}

// The scale from which on two that lie `d` pixels apart at scale 1, and `gap` more at any, are
// `least` apart.
function apart(d, gap, least) {
  if (!d) return Math.abs(gap) >= least ? 0 : Infinity;
  return (least - Math.sign(d) * gap) / Math.abs(d);
}

function shorter(text, most) {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

function copy(picture) {
  const made = element("canvas", "at-names-picture");
  made.width = picture.width;
  made.height = picture.height;
  made.getContext("2d").drawImage(picture, 0, 0);
  return made;
}

// A curve of bytes as a small drawing.
function spark(bytes, colour) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 72, height: 40 }),
    context = canvas.getContext("2d");
  context.lineWidth = 3;
  context.strokeStyle = colour;
  context.beginPath();
  bytes.forEach((v, i) =>
    context.lineTo(2 + (i / Math.max(1, bytes.length - 1)) * 68, 37 - (v / 255) * 34),
  );
  context.stroke();
  return canvas;
}
