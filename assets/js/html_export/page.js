// A map that needs no server: the points, camera and hand of the app's map, with the rows, names
// and pictures in the page itself.

import { Camera } from "../shared/camera.js";
import { FlatPoints } from "../shared/canvas_points.js";
import { Gestures } from "../shared/gestures.js";
import { GlPoints } from "../shared/gl_points.js";

const $ = (id) => /** @type {any} */ (document.getElementById(id));
const made = (kind, name, text) => {
  const node = document.createElement(kind);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};
const number = (v) => v.toLocaleString("en");
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
// names listed of a choice; pixels around the pointer; points drawn while the map moves
const LISTED = 8,
  REACH = 9,
  QUICK = 150000;

/**
 * @implements {Handled}
 */
class Page {
  /** @type {any} */ data;
  /** @type {number} */ n;
  /** @type {Uint16Array} */ positions;
  /** @type {Uint32Array} */ rows;
  /** @type {Uint8Array} */ index;
  /** @type {Uint8Array} */ look;
  /** @type {Camera} */ camera;
  /** @type {HTMLElement} */ stage;
  /** @type {Set<number>} */ hidden;
  /** @type {number} */ chosen;
  /** @type {string[]} */ words;
  /** @type {Gestures} */ gestures;
  /** @type {Points} */ painter;
  /** @type {HTMLCanvasElement} */ canvas;
  /** @type {boolean} */ moving;
  /** @type {number} */ rest;
  /** @type {boolean} */ asked;
  /** @type {Pair | null} */ under;
  /** @type {boolean} */ looking;
  /** @type {number} */ shown;
  /** @type {HTMLImageElement} */ sprite;
  /** @type {Uint8Array} */ heights;

  constructor(data) {
    this.data = data;
    this.n = data.n;
    this.positions = new Uint16Array(bytes(data.places).buffer);
    this.rows = new Uint32Array(bytes(data.rows).buffer);
    this.index = bytes(data.colours);
    this.look = new Uint8Array(4 * this.n);
    for (let i = 0; i < this.n; i++) {
      this.look[4 * i] = this.index[i];
      this.look[4 * i + 1] = this.n < 20000 ? 230 : this.n < 200000 ? 170 : 110;
    }
    this.camera = new Camera();
    this.camera.extent = data.extent;
    this.stage = $("stage");
    this.hidden = new Set();
    this.chosen = 0;
    this.words = data.names.map((name, i) =>
      [name, ...data.columns.map((column) => column.values[i])].join("\n").toLowerCase(),
    );
    this.start();
    this.write();
    this.gestures = new Gestures(
      this,
      this.stage,
      $("shape").firstElementChild,
      new AbortController().signal,
    );
    new ResizeObserver(() => this.size()).observe(this.stage);
    this.size();
  }

  start() {
    const old = $("points"),
      canvas = old.cloneNode();
    try {
      this.painter = new GlPoints(old, () => this.load());
    } catch {
      old.replaceWith(canvas);
      this.painter = new FlatPoints(canvas);
    }
    this.canvas = this.painter.canvas;
    this.load();
  }

  load() {
    const { painter, n } = this,
      palette = new Uint8Array(1024).fill(255),
      colours = bytes(this.data.palette);
    for (let i = 0; i < 256; i++)
      for (let c = 0; c < 3; c++) palette[4 * i + c] = colours[3 * i + c];
    painter.setPalette(palette);
    painter.room(n);
    painter.setPlaces(this.positions, 0, n);
    this.relook();
  }

  // Flags have changed: what is chosen is drawn last, above the rest.
  relook() {
    const list = new Uint32Array(this.n);
    let low = 0,
      high = this.n;
    for (let i = 0; i < this.n; i++)
      if (this.chosen && this.look[4 * i + 2] & 1) list[--high] = i;
      else list[low++] = i;
    this.painter.setLook(this.look, 0, this.n);
    this.painter.setIndices(list);
    this.moved();
  }

  size() {
    const box = this.stage.getBoundingClientRect(),
      ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(box.width * ratio));
    this.canvas.height = Math.max(1, Math.round(box.height * ratio));
    this.camera.size(box.width, box.height);
    this.moved();
  }

  // What the hand on the map (gestures.js) asks for.
  moved() {
    if (this.n > QUICK) {
      this.moving = true;
      clearTimeout(this.rest);
      this.rest = setTimeout(() => {
        this.moving = false;
        this.frame();
      }, 160);
    }
    this.frame();
  }

  frame() {
    if (!this.asked) {
      this.asked = true;
      requestAnimationFrame(() => {
        this.asked = false;
        this.draw();
      });
    }
  }
  fit() {
    this.camera.fit();
    this.moved();
  }
  clear() {
    $("search").value = "";
    this.mark(() => false);
  }
  layers() {}
  click() {}
  point(at) {
    this.under = at;
    if (!this.looking) {
      this.looking = true;
      requestAnimationFrame(() => {
        this.looking = false;
        this.hover();
      });
    }
  }
  choose(corners, how) {
    const polygon = corners.map(([x, y]) => this.camera.toUnit(x, y)),
      inside = this.within(polygon);
    this.mark((i) =>
      how === "add"
        ? inside(i) || this.look[4 * i + 2] & 1
        : how === "remove"
          ? this.look[4 * i + 2] & 1 && !inside(i)
          : inside(i),
    );
  }

  within(polygon) {
    const xs = polygon.map((p) => p[0]),
      ys = polygon.map((p) => p[1]),
      left = Math.min(...xs),
      right = Math.max(...xs),
      bottom = Math.min(...ys),
      top = Math.max(...ys);
    return (i) => {
      const x = this.positions[2 * i],
        y = this.positions[2 * i + 1];
      if (x < left || x > right || y < bottom || y > top) return false;
      let odd = false;
      for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++)
        if (
          ys[a] > y !== ys[b] > y &&
          x < ((xs[b] - xs[a]) * (y - ys[a])) / (ys[b] - ys[a]) + xs[a]
        )
          odd = !odd;
      return odd;
    };
  }

  mark(wanted) {
    const look = this.look;
    this.chosen = 0;
    for (let i = 0; i < this.n; i++) {
      const on = !(look[4 * i + 2] & 2) && wanted(i);
      look[4 * i + 2] = (look[4 * i + 2] & 2) | (on ? 1 : 0);
      this.chosen += on ? 1 : 0;
    }
    this.relook();
    this.tell();
  }

  draw() {
    const base = Math.min(11, Math.max(2.2, 300 / Math.sqrt(this.n))),
      size = base * Math.min(3, Math.sqrt(this.camera.scale) ** 0.8);
    // any part of the list is a fair sample, and what is chosen stands at its end
    const least = this.moving ? Math.max(0, this.n - QUICK) : 0;
    this.painter.clear();
    this.painter.draw(this.camera, size, this.chosen ? 0.13 : 1, least, this.n);
    if (this.under === null) $("card").hidden = true;
  }

  hover() {
    const card = $("card"),
      at = this.under;
    if (!at) {
      card.hidden = true;
      return;
    }
    const [x, y] = this.camera.toUnit(at[0], at[1]),
      reach = REACH / this.camera.k;
    let best = -1,
      least = reach * reach;
    for (let i = 0; i < this.n; i++) {
      const dx = this.positions[2 * i] - x,
        dy = this.positions[2 * i + 1] - y,
        far = dx * dx + dy * dy;
      if (far < least && !(this.look[4 * i + 2] & 2)) {
        least = far;
        best = i;
      }
    }
    card.hidden = best < 0;
    if (best < 0) return;
    if (this.shown !== best) {
      this.shown = best;
      card.replaceChildren(...this.describe(best));
    }
    const box = card.getBoundingClientRect(),
      left = at[0] + 18 + box.width > this.camera.width ? at[0] - 18 - box.width : at[0] + 18;
    card.style.transform = `translate(${Math.max(4, left)}px, ${Math.min(Math.max(4, at[1] - box.height / 2), this.camera.height - box.height - 4)}px)`;
  }

  name(i) {
    return this.data.names[i] ?? `row ${number(this.rows[i])}`;
  }

  describe(i) {
    const list = made("dl"),
      parts = [];
    if (this.data.pictures && i < this.data.pictures.count) parts.push(this.picture(i));
    if (this.data.curves && i < this.data.curves.count) parts.push(this.curve(i));
    if (i < this.data.names.length)
      for (const { name, values } of this.data.columns)
        list.append(made("dt", "", name), made("dd", "", values[i]));
    return [...parts, made("strong", "", this.name(i)), list];
  }

  picture(i) {
    const { across, width, height } = this.data.pictures,
      canvas = made("canvas"),
      zoom = Math.max(1, Math.round(112 / Math.max(width, height)));
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${zoom * width}px`;
    const draw = () =>
      canvas
        .getContext("2d")
        .drawImage(
          this.sprite,
          (i % across) * width,
          Math.floor(i / across) * height,
          width,
          height,
          0,
          0,
          width,
          height,
        );
    if (!this.sprite) {
      this.sprite = new Image();
      this.sprite.src = this.data.pictures.sheet;
    }
    if (this.sprite.complete) draw();
    else this.sprite.addEventListener("load", draw);
    return canvas;
  }

  curve(i) {
    const { length } = this.data.curves,
      canvas = made("canvas"),
      context = canvas.getContext("2d");
    this.heights ||= bytes(this.data.curves.values);
    canvas.width = 480;
    canvas.height = 160;
    canvas.style.width = "240px";
    context.strokeStyle = "#0F8B8D";
    context.lineWidth = 3;
    context.beginPath();
    for (let j = 0; j < length; j++)
      context.lineTo(
        6 + (j / Math.max(1, length - 1)) * 468,
        152 - (this.heights[i * length + j] / 255) * 144,
      );
    context.stroke();
    return canvas;
  }

  // Everything written beside the map; text is always text.
  write() {
    const { data } = this,
      legend = $("legend");
    $("title").textContent = data.title;
    $("facts").textContent = data.facts.join(" · ");
    $("notes").textContent = data.notes.join(" ");
    for (const score of data.scores) {
      const line = made("div");
      line.title = score.sentence;
      line.append(made("span", "", score.name), made("span", "", score.value));
      $("trust").append(line);
    }
    if (data.legend.title) legend.append(made("div", "head", data.legend.title));
    if (data.legend.scale) {
      const ramp = made("i", "ramp"),
        ends = made("div", "ends"),
        colours = bytes(data.palette);
      ramp.style.background = `linear-gradient(90deg, ${[0, 42, 85, 127, 170, 212, 254].map((i) => `rgb(${colours.subarray(3 * i, 3 * i + 3).join(",")})`).join(",")})`;
      ends.append(made("span", "", data.legend.scale[0]), made("span", "", data.legend.scale[1]));
      legend.append(ramp, ends);
    }
    for (const key of data.legend.keys) legend.append(this.key(key));
    const search = $("search");
    search.addEventListener("input", () => this.search(search.value));
    for (const tool of ["pan", "lasso"])
      $(tool).addEventListener("click", () => {
        this.gestures.set(tool);
        for (const id of ["pan", "lasso"]) $(id).setAttribute("aria-pressed", String(id === tool));
      });
    $("fit").addEventListener("click", () => this.fit());
  }

  key({ name, colour, count, index }) {
    const button = made("button", "key"),
      dot = made("i", "dot");
    dot.style.background = colour;
    button.title = "Click to hide or show it, shift-click to see it alone";
    button.setAttribute("aria-pressed", "true");
    button.dataset.index = index;
    button.append(dot, made("span", "", name), made("span", "count", number(count)));
    button.addEventListener("click", (event) => this.toggle(index, event.shiftKey));
    return button;
  }

  toggle(index, alone) {
    const all = this.data.legend.keys.map((key) => key.index),
      only = all.filter((k) => k !== index);
    if (alone)
      this.hidden =
        this.hidden.size === only.length && !this.hidden.has(index) ? new Set() : new Set(only);
    else if (!this.hidden.delete(index)) this.hidden.add(index);
    for (let i = 0; i < this.n; i++)
      this.look[4 * i + 2] = this.hidden.has(this.index[i]) ? 2 : this.look[4 * i + 2] & 1;
    for (const button of $("legend").querySelectorAll(".key"))
      button.setAttribute("aria-pressed", String(!this.hidden.has(Number(button.dataset.index))));
    this.mark((i) => this.look[4 * i + 2] & 1);
  }

  search(text) {
    const wanted = text.trim().toLowerCase();
    this.mark((i) => wanted !== "" && i < this.words.length && this.words[i].includes(wanted));
    if (wanted && !this.chosen) {
      $("chosen").hidden = false;
      $("chosen").replaceChildren(made("span", "", "Nothing found."));
    }
  }

  tell() {
    const box = $("chosen"),
      list = made("ul"),
      bar = made("div", "at-bar"),
      clear = made("button", "", "Clear"),
      save = made("button", "", "Save row numbers");
    box.hidden = !this.chosen;
    if (!this.chosen) return;
    const rows = [],
      counts = new Map();
    for (let i = 0; i < this.n; i++)
      if (this.look[4 * i + 2] & 1) {
        if (rows.length < LISTED) list.append(made("li", "", this.name(i)));
        rows.push(this.rows[i]);
        counts.set(this.index[i], (counts.get(this.index[i]) || 0) + 1);
      }
    if (rows.length > LISTED)
      list.append(made("li", "count", `and ${number(rows.length - LISTED)} more`));
    clear.addEventListener("click", () => this.clear());
    save.addEventListener("click", () => {
      const link = made("a");
      link.href = URL.createObjectURL(
        new Blob(["row\r\n", rows.sort((a, b) => a - b).join("\r\n"), "\r\n"], {
          type: "text/csv",
        }),
      );
      link.download = "rows.csv";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
    const shares = this.data.legend.keys
      .filter((key) => counts.has(key.index))
      .sort((a, b) => counts.get(b.index) - counts.get(a.index))
      .slice(0, 4);
    bar.append(clear, save);
    box.replaceChildren(
      made("b", "", number(this.chosen)),
      made("span", "count", ` of ${number(this.n)} chosen`),
      ...shares.map((key) => made("div", "count", `${key.name}: ${number(counts.get(key.index))}`)),
      list,
      bar,
    );
  }
}

window.page = new Page(JSON.parse($("data").textContent));
