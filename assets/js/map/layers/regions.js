// Names on the map: dense regions, coarse ones first and finer ones as one comes closer. From which
// closeness on a name is shown depends on the names before it alone, never on what is in view:
// names do not jump while the map moves, and none goes while one comes closer.

import { bit } from "../../shared/bits.js";
import { CLOSEST } from "../../shared/camera.js";
import { button, element } from "../../shared/dom.js";
import { UNITS } from "../../shared/order.js";
import { pixels } from "../card.js";

const FONTS = ["600 14px", "500 12.5px", "500 11.5px"],
  PICTURE = 30,
  GAP = 6,
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
    return `${left} ${top} ${width} ${height}`;
  }

  arrange() {
    const { atlas } = this,
      { camera } = atlas;
    this.labels = [];
    this.laid = this.room();
    if (!atlas.head || !this.regions.length) return;
    const context = atlas.overlay.getContext("2d"),
      font = getComputedStyle(atlas.root).fontFamily,
      k = camera.k / camera.scale;
    const labels = this.regions.map((region) => {
      const picture = this.pictures.get(region.row),
        text = shorter(region.name, 34);
      context.font = `${FONTS[region.level] || FONTS[2]} ${font}`;
      const w =
          (text ? context.measureText(text).width : 0) + (picture ? PICTURE + (text ? 5 : 0) : 0),
        [x, y] = atlas.unitOf(...region.at),
        reach = (region.radius / atlas.head.side) * UNITS * k;
      // whole where the map is seen whole
      const middle = camera.cx + (x - UNITS / 2) * k,
        aside = Math.max(
          camera.left + w / 2 + 6 - middle,
          Math.min(camera.width - w / 2 - 6 - middle, 0),
        );
      return {
        region,
        text,
        font: context.font,
        x,
        y,
        aside,
        w,
        h: picture ? PICTURE : 17,
        from: region.level ? 20 / Math.max(reach, 1e-6) : 0,
      };
    });
    this.labels = closeness(
      labels.filter(({ w }) => w > 0),
      k,
    ).filter(({ from }) => from <= CLOSEST);
  }

  draw(context, { camera, root, data, hidden, order }) {
    this.boxes = [];
    if (!this.on || data.job || !this.labels || !this.regions.length) return;
    if (this.laid !== this.room()) this.arrange();
    const style = getComputedStyle(root),
      ink = style.getPropertyValue("--ink") || "#17242b",
      ground = style.getPropertyValue("--ground") || "#fff";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const label of this.labels) {
      // it goes with what it is the middle of
      if (label.from > camera.scale || (hidden && bit(hidden, order.place(label.region.row))))
        continue;
      const [px, y] = camera.toScreen(label.x, label.y),
        x = px + label.aside;
      if (
        x + label.w / 2 < 0 ||
        x - label.w / 2 > camera.width ||
        y + label.h < 0 ||
        y - label.h > camera.height
      )
        continue;
      this.one(context, label, x - label.w / 2, y, ink, ground);
      this.boxes.push({
        label,
        left: x - label.w / 2 - 3,
        top: y - label.h / 2 - 3,
        right: x + label.w / 2 + 3,
        bottom: y + label.h / 2 + 3,
      });
    }
  }

  one(context, label, left, y, ink, ground) {
    const picture = this.pictures.get(label.region.row),
      thumbs = this.atlas.made.some((/** @type {any} */ layer) => layer.cells && layer.on);
    if (picture && !thumbs) {
      const scale = PICTURE / Math.max(picture.width, picture.height),
        w = picture.width * scale,
        h = picture.height * scale,
        x = left + (PICTURE - w) / 2;
      context.imageSmoothingEnabled = scale < 1;
      context.fillStyle = ground;
      context.fillRect(x - 2, y - h / 2 - 2, w + 4, h + 4);
      context.drawImage(picture, x, y - h / 2, w, h);
    }
    if (picture) left += PICTURE + 5;
    if (!label.text) return;
    context.font = label.font;
    context.strokeStyle = ground;
    context.lineWidth = 4;
    context.strokeText(label.text, left, y);
    context.strokeText(label.text, left, y);
    context.fillStyle = ink;
    context.fillText(label.text, left, y);
    if (label === this.over)
      context.fillRect(left, y + 8, label.w - (picture ? PICTURE + 5 : 0), 1.5);
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
      "✎",
      `give ${region.name || "this region"} another name`,
      () => this.edit(region, line),
    );
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

/**
 * How close one must come for each label (x, y in units, moved `aside` and `w` by `h` in pixels):
 * the least scale, no less than its own `from`, from which on it overlaps none of those before it
 * that are shown there. `k`: pixels a unit at scale 1.
 * @template {{ x: number, y: number, aside: number, w: number, h: number, from: number }} T
 * @param {T[]} labels
 * @param {number} k
 * @returns {T[]}
 */
export function closeness(labels, k) {
  labels.forEach((label, i) => {
    for (const other of labels.slice(0, i)) {
      const dx = (label.x - other.x) * k,
        dy = (label.y - other.y) * k,
        gap = Math.sign(dx || 1) * (label.aside - other.aside);
      const clear = Math.max(
        0,
        Math.min(
          ((label.w + other.w) / 2 + GAP - gap) / Math.abs(dx),
          ((label.h + other.h) / 2 + GAP / 2) / Math.abs(dy),
        ),
      );
      if (other.from < clear) label.from = Math.max(label.from, clear);
    }
  });
  return labels;
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
