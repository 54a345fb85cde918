// The map of a run, from a hundred points to millions.
//
// What a layer may rely on (a class in layers/, given to the atlas when it is made, constructed
//   with the atlas it lies on):
//   methods, each optional: draw(context, atlas) each frame on the overlay, in pixels of the page;
//     hover({ i, row, head } | null);
//     click({ i, row, event } | null); takes([px, py], event): true where a click there is the
//       layer's own; scene(head) a map has come whole, or has other colours; camera() it moved;
//       data(data) Python passed new data; key(event); close()
//   atlas.wire, atlas.ask(route, query, values), atlas.data; atlas.n, atlas.rowOf(i),
//     atlas.placeOf(row);
//     atlas.dims: 2, or 3 on a map that is turned; atlas.positions Uint16Array(dims * n) in drawn
//       order; atlas.pointAt(i) and atlas.screenOf(place in the map's own units): in pixels;
//       atlas.placeUnder(pixel, place): the map's own units there, as deep as place;
//       atlas.unitOf(...place) from the map's own units; atlas.head: the scene's head (legend)
//   atlas.camera: toScreen(...units), toUnit(px, py), scale; atlas.moved() after changing it
//   atlas.paint(values | null, palette), atlas.select(bits | null); atlas.fade(values | null,
//     layer), atlas.hide(bits | null, layer): a point is
//     seen where no layer hides it, as faint as the one that fades it most has it; bits: bit i % 8,
//       the lowest first, of byte i >> 3 is drawn place i
//   atlas.placed() after changing atlas.positions
//   atlas.bar, atlas.side, atlas.legendBox, atlas.stage: elements; atlas.overlay: the canvas;
//     atlas.invalidate(): a frame, soon
//   atlas.on(event, f): "camera", "hover", "click", "selection", "scene", and what layers tell
//     (atlas.tell); it returns a function that takes f off again
//   atlas.say(words): the status line until the next move; atlas.accent: the theme's colour;
//     atlas.report(name, value): to Python
// An error in a layer is logged and leaves the map as it is.

import { bit, counted, merged } from "../shared/bits.js";
import { Camera } from "../shared/camera.js";
import { FlatPoints } from "../shared/canvas_points.js";
import { accent, find, findAll } from "../shared/dom.js";
import { Gestures } from "../shared/gestures.js";
import { GlPoints } from "../shared/gl_points.js";
import { icon, icons } from "../shared/icons.js";
import { latest } from "../shared/latest.js";
import { Orbit, farFirst, nearest } from "../shared/orbit.js";
import { DIM, Order, UNITS } from "../shared/order.js";
import { Wire } from "../shared/wire.js";
import { Card } from "./card.js";
import { Density } from "./density.js";
import { Grid } from "./grid.js";
import { plainLegend } from "./legend.js";

// pixels around the pointer in which a point is under it
export const REACH = 14;
const FIRST_TILE = 2 ** 16,
  TILE = 2 ** 18,
  AHEAD = 4;
// points in view beyond which their density is drawn
const SHOWN = 100000;
// points a frame while the map moves, at first; software needs 0.7 us for each
const MOVING = 25000;
// milliseconds after which a map that was moved is at rest
const PAUSE = 140;
// milliseconds of a frame that counting the density may take: while something is seen, and before
const SLICE = 6,
  FIRST_SLICE = 30;

export class Atlas {
  /** @type {HTMLElement} */ root;
  /** @type {any} */ data;
  /** @type {ReportValue} */ report;
  /** @type {number} */ n;
  /** @type {number} */ loaded;
  /** @type {number} */ gathered;
  /** @type {number} */ selected;
  /** Of a place. @type {number} */ dims;
  /** @type {any} */ camera;
  /** @type {Density} */ density;
  /** @type {Record<string, Set<(value: any) => void>>} */ heard;
  /** @type {Map<any, Uint8Array>} */ hiding;
  /** @type {Map<any, Uint8Array>} */ fading;
  /** Whether it was opened at a part of the map. @type {boolean} */ opened;
  /** That part in units, until a hand moves the map. @type {number[] | null} */ opening;
  /** @type {number} */ budget;
  /** @type {number} */ pace;
  /** @type {HTMLElement} */ bar;
  /** @type {HTMLElement} */ side;
  /** @type {HTMLElement} */ legendBox;
  /** @type {HTMLElement} */ stage;
  /** @type {HTMLCanvasElement} */ overlay;
  /** @type {HTMLElement} */ status;
  /** @type {HTMLCanvasElement} */ under;
  /** @type {Wire} */ wire;
  /** @type {boolean} */ ownWire;
  /** @type {Card} */ card;
  /** @type {Points} */ points;
  /** @type {Gestures} */ gestures;
  /** @type {Order} */ order;
  /** @type {Layer[]} */ made;
  /** @type {any} */ head;
  /** @type {any} */ legend;
  /** @type {Uint16Array} */ positions;
  /** @type {Uint8Array} */ look0;
  /** @type {Uint8Array} */ look;
  /** @type {Uint8Array | null} */ painted;
  /** @type {Uint8Array | null} */ paintedWith;
  /** @type {Uint8Array} */ ownColours;
  /** @type {Uint8Array} */ colours;
  /** @type {Uint8Array | null} */ bits;
  /** @type {Uint8Array | null} */ hidden;
  /** @type {Uint8Array | null} */ faded;
  /** @type {Grid | null} */ grid;
  /** @type {Uint32Array} */ list;
  /** The same from the farthest on, on a map in 3-D. @type {Uint32Array} */ sorted;
  /** @type {number} */ listed;
  /** @type {number} */ chosenFrom;
  /** @type {Generator | null} */ counting;
  /** @type {{ rect: Rect, scale: number, whole: boolean } | null} */ held;
  /** @type {Hit | null} */ at;
  /** @type {Pair | null} */ pointer;
  /** @type {string | null} */ words;
  /** @type {string} */ accent;
  /** @type {number} */ ratio;
  /** @type {string} */ shown;
  /** @type {boolean} */ closed;
  /** @type {boolean} */ moving;
  /** @type {number} */ movedAt;
  /** @type {number} */ lastFrame;
  /** @type {boolean} */ stale;
  /** @type {boolean} */ fresh;
  /** @type {boolean} */ rough;
  /** @type {boolean} */ dense;
  /** @type {boolean} */ empty;
  /** @type {boolean} */ unpainted;
  /** @type {string | null} */ seen;
  /** @type {number} */ turn;
  /** @type {number} */ frame;
  /** @type {number} */ resting;
  /** @type {number} */ ticking;
  /** @type {number | null} */ marked;
  /** @type {HTMLElement} */ pane;

  /**
   * @param {HTMLElement} root
   * @param {any} data: as Python passes it
   * @param {ReportValue} report
   * @param {LayerClass[]} layers: the lowest first
   * @param {Wire | null} wire: one that is shared with others; its own where there is none
   */
  constructor(root, data, report, layers = [], wire = null) {
    const part = (name) => find(root, `.at-${name}`);
    Object.assign(this, {
      root,
      data,
      report,
      n: 0,
      loaded: 0,
      selected: 0,
      dims: 2,
      camera: new Camera(),
      density: new Density(),
      heard: {},
      hiding: new Map(),
      fading: new Map(),
      sorted: new Uint32Array(0),
      budget: MOVING,
      pace: 16,
    });
    Object.assign(this, {
      bar: part("bar"),
      side: part("side"),
      legendBox: part("legend"),
      stage: part("stage"),
      overlay: part("overlay"),
      status: part("status"),
      under: part("density"),
    });
    this.ownWire = !wire;
    this.wire = wire || new Wire(new URL("live/", document.baseURI), data.token);
    this.wire.trouble = (words) => this.say(words, true);
    this.listeners = new AbortController();
    this.card = new Card(part("card"));
    this.load(); // what it asks for comes while the rest is made
    this.points = this.backend(part("points"));
    this.gestures = new Gestures(
      this,
      this.stage,
      this.stage.querySelector("polygon"),
      this.listeners.signal,
    );
    this.pick = latest((at) => this.peek(at));
    this.buttons();
    this.watch = new ResizeObserver(() => {
      this.resize();
      this.drawNow();
    });
    this.watch.observe(this.stage);
    this.resize();
    this.made = layers.map((Layer) => this.safely(() => new Layer(this))).filter(Boolean);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @returns {Points}
   */
  backend(canvas) {
    // one that WebGL has had draws nothing else
    try {
      return new GlPoints(canvas, () => this.restore());
    } catch {
      const fresh = /** @type {HTMLCanvasElement} */ (canvas.cloneNode());
      canvas.replaceWith(fresh);
      return new FlatPoints(fresh);
    }
  }

  close() {
    this.closed = true;
    this.layers("close");
    this.listeners.abort();
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.resting);
    this.points.close();
    if (this.ownWire) this.wire.close();
  }

  ask(route, query, values) {
    return this.wire.ask(route, query, values);
  }
  /**
   * @param {string} event
   * @param {(value: any) => void} f
   */
  on(event, f) {
    (this.heard[event] ||= new Set()).add(f);
    return () => this.heard[event].delete(f);
  }
  /**
   * @param {string} event
   * @param {any} value
   */
  tell(event, value) {
    for (const f of this.heard[event] || []) this.safely(() => f(value));
  }
  /**
   * @param {string} method
   * @param {any[]} values
   */
  layers(method, ...values) {
    for (const layer of this.made || [])
      if (layer[method]) this.safely(() => layer[method](...values));
  }
  /**
   * Run it; an error is logged and nothing more.
   * @param {() => any} act
   */
  safely(act) {
    try {
      const made = act();
      if (made?.catch) made.catch((error) => console.warn(error));
      return made;
    } catch (error) {
      console.warn(error);
      return null;
    }
  }
  rowOf(i) {
    return this.order.row(i);
  }
  placeOf(row) {
    return this.order.place(row);
  }
  /**
   * @returns {Pair}
   */
  unitOf(...place) {
    const { low, side } = this.head;
    return /** @type {any} */ (place.map((v, j) => ((v - low[j]) / side) * UNITS));
  }
  /**
   * @returns {Pair}
   */
  mapOf(...units) {
    const { low, side } = this.head;
    return /** @type {any} */ (units.map((u, j) => low[j] + (u / UNITS) * side));
  }
  // In units.
  unitsAt(i) {
    return this.positions.subarray(this.dims * i, this.dims * (i + 1));
  }
  /**
   * Where a drawn place is seen.
   * @param {number} i
   * @returns {Pair}
   */
  pointAt(i) {
    return this.camera.toScreen(...this.unitsAt(i));
  }
  /**
   * Where a place in the map's own units is seen.
   * @param {number[]} place
   * @returns {Pair}
   */
  screenOf(place) {
    return this.camera.toScreen(...this.unitOf(...place));
  }
  /**
   * The place under a pixel, as deep as another.
   * @param {Pair} pixel
   * @param {number[]} place
   * @returns {number[]}
   */
  placeUnder([px, py], place) {
    return this.mapOf(...this.camera.toUnit(px, py, this.unitOf(...place)));
  }

  buttons() {
    const on = (selector, act) => {
      for (const b of findAll(this.bar, selector))
        b.addEventListener("click", () => act(b), { signal: this.listeners.signal });
    };
    on(".at-tool", (b) => this.setTool(b.dataset.tool));
    on(".at-fit", () => this.fit());
    on(".at-zoom", (b) => {
      this.camera.zoom(Number(b.dataset.zoom));
      this.moved();
    });
    icons(this.bar);
    this.setDims(2);
    this.setTool("pan");
  }

  /** @param {string} tool: pan, box or lasso */
  setTool(tool) {
    this.gestures.set(tool);
    for (const b of findAll(this.bar, ".at-tool"))
      b.setAttribute("aria-pressed", String(b.dataset.tool === tool));
  }

  /**
   * The layer of a class.
   * @template {Layer} T
   * @param {new (atlas: Atlas) => T} kind
   * @returns {T}
   */
  layer(kind) {
    return /** @type {T} */ (this.made.find((layer) => layer instanceof kind));
  }

  /** Whether somebody listens to an event. @param {string} event */
  hears(event) {
    return !!this.heard[event]?.size;
  }

  // Streamlit ran the page again: only what changed is asked for.
  update(data, report) {
    const before = this.data;
    this.data = data;
    this.report = report;
    if (data.map !== before.map) this.load();
    else if (data.colour !== before.colour) this.recolour();
    if (data.chosen !== before.chosen && data.map === before.map) this.reselect();
    this.layers("data", data);
  }

  // -- what is drawn ------------------------------------------------------------------------------

  async load() {
    const turn = (this.turn = (this.turn || 0) + 1),
      { map, colour } = this.data,
      query = colour ? { map, colour } : { map },
      start = performance.now();
    this.card.hide();
    const spans = [[0, FIRST_TILE]];
    for (let from = FIRST_TILE; from < this.data.n; from += TILE) spans.push([from, TILE]);
    const ask = (k) => {
      const tile =
        k < spans.length
          ? this.wire.request("tile", { ...query, start: spans[k][0], count: spans[k][1] }, null)
          : null;
      tile?.catch(() => {});
      return tile;
    };
    // while one is taken the next are on their way
    const coming = Array.from({ length: AHEAD }, (_, k) => ask(k));
    const [scene, chosen] = await Promise.all([
      this.wire.request("scene", query, null),
      this.wire.request("chosen", { map }, null),
    ]);
    if (turn !== this.turn || this.closed) return;
    const head = (this.head = scene.head),
      n = head.n;
    this.setDims(head.extent.length);
    this.n = n;
    this.loaded = this.gathered = 0;
    this.order = this.order?.n === n ? this.order : new Order(n);
    this.positions = new Uint16Array(this.dims * n);
    this.look0 = new Uint8Array(n);
    this.look = new Uint8Array(4 * n);
    this.painted = null;
    this.grid = null;
    this.density = new Density();
    if (this.shown !== map) {
      this.hiding.clear();
      this.fading.clear();
      this.hidden = this.faded = null;
      this.shown = map;
    }
    Object.assign(this.camera, { extent: head.extent, reach: head.reach });
    this.camera.fit();
    this.openAt(this.data.camera);
    this.points.room(n, this.dims);
    this.setColours(head, new Uint8Array(scene.buffer, scene.start, 1024));
    this.bits = new Uint8Array(chosen.buffer, chosen.start);
    this.selected = chosen.head.chosen;
    for (let k = 0; this.loaded < n; k++) {
      const tile = await coming[k];
      if (turn !== this.turn || this.closed || !tile) return;
      coming.push(ask(k + AHEAD));
      this.take(tile);
    }
    // for tests and benchmarks
    Object.assign(this.root.dataset, {
      drawn: n,
      took: Math.round(performance.now() - start),
      backend: this.points.constructor.name,
    });
    this.layers("scene", head);
    this.tell("scene", head);
    this.unpainted = true;
    this.words = null;
    this.invalidate();
    if (this.data.colour !== colour) this.recolour(); // changed on the way
  }

  // A map that is turned needs another camera, and other words.
  setDims(dims) {
    const pan = find(this.bar, ".at-tool[data-tool=pan]"),
      words =
        dims === 3
          ? "Turn the map: drag, or the arrow keys; move it: Shift or the right button and drag; zoom: wheel or + and -; as at first: double-click or 0"
          : "Move the map: drag; zoom: wheel or + and -; whole map: double-click or 0";
    pan.replaceChildren(icon(dims === 3 ? "turn" : "move"));
    pan.title = words;
    pan.setAttribute("aria-label", dims === 3 ? "turn the map" : "move the map");
    this.root.classList.toggle("at-solid", dims === 3);
    if (dims === this.dims) return;
    const { width, height, left, top } = this.camera;
    this.dims = dims;
    this.camera = Object.assign(dims === 3 ? new Orbit() : new Camera(), {
      width,
      height,
      left,
      top,
    });
  }

  take({ head: { start, end }, buffer, start: at }) {
    const m = end - start,
      { dims } = this;
    this.positions.set(new Uint16Array(buffer, at, dims * m), dims * start);
    this.look0.set(new Uint8Array(buffer, at + 2 * dims * m, m), start);
    this.points.setPlaces(this.positions, start, end);
    this.loaded = end;
    // a picture for a tile would take longer than the tiles
    this.dress(start, end, end === this.n || end >= 2 * this.gathered);
  }

  // One word a point, from colouring, fade, selection and what is hidden.
  dress(start = 0, end = this.loaded, show = true) {
    const { look, painted, faded, bits, hidden, selected } = this,
      shades = painted || this.look0;
    for (let i = start; i < end; i++) {
      look[4 * i] = shades[i];
      look[4 * i + 1] = faded ? faded[i] : 255;
      look[4 * i + 2] = (selected ? bit(bits, i) : 0) | (hidden ? bit(hidden, i) << 1 : 0);
    }
    this.points.setLook(look, start, end);
    if (show) {
      this.stale = true;
      this.density.forget();
      this.invalidate();
    }
  }

  setColours(head, palette) {
    this.legend = head;
    this.ownColours = palette.slice();
    this.colours = this.ownColours;
    this.points.setPalette(this.colours);
    plainLegend(this.legendBox, head, palette);
  }

  async recolour() {
    const { map, colour } = this.data,
      { head, buffer, start } = await this.wire.request(
        "colours",
        colour ? { map, colour } : { map },
        null,
      );
    // a map that is coming asks again when it is there
    if (
      this.data.colour !== colour ||
      buffer.byteLength - start - 1024 !== this.n ||
      this.loaded < this.n
    )
      return;
    this.look0 = new Uint8Array(buffer, start + 1024, this.n).slice();
    Object.assign(
      this.head,
      { groups: undefined, scale: undefined, color: undefined, title: undefined },
      head,
    );
    this.setColours(this.head, new Uint8Array(buffer, start, 1024));
    if (this.painted) this.points.setPalette((this.colours = this.paintedWith));
    this.dress();
    this.layers("scene", this.head);
    this.tell("scene", this.head);
  }

  async reselect() {
    const { head, buffer, start } = await this.wire.request("chosen", { map: this.data.map }, null);
    this.takeSelection(new Uint8Array(buffer, start), head.chosen);
  }

  takeSelection(bits, count) {
    this.select(bits.slice(), count);
    this.tell("selection", { bits: this.bits, count });
  }

  /**
   * @param {Uint8Array | null} values
   * @param {Uint8Array} [palette]
   */
  paint(values, palette) {
    this.painted = values;
    this.paintedWith = values ? palette : null;
    this.colours = values ? palette : this.ownColours;
    this.points.setPalette(this.colours);
    this.dress();
  }

  /**
   * @param {Uint8Array | null} values
   * @param {any} layer
   */
  fade(values, layer = this) {
    if (values) this.fading.set(layer, values);
    else this.fading.delete(layer);
    this.faded = merged(this.fading.values(), Math.min);
    this.dress();
  }
  /**
   * @param {Uint8Array | null} bits
   */
  select(bits, count = bits ? counted(bits, this.n) : 0) {
    this.bits = bits;
    this.selected = bits ? count : 0;
    this.dress();
  }
  /**
   * @param {Uint8Array | null} bits
   * @param {any} layer
   */
  hide(bits, layer = this) {
    if (bits) this.hiding.set(layer, bits);
    else this.hiding.delete(layer);
    this.hidden = merged(this.hiding.values(), (a, b) => a | b);
    this.dress();
  }
  placed() {
    this.points.setPlaces(this.positions, 0, this.n);
    this.grid = null;
    this.density.forget();
  }

  restore() {
    if (!this.n) return;
    this.empty = false;
    this.points.room(this.n, this.dims);
    this.points.setPlaces(this.positions, 0, this.loaded);
    this.points.setLook(this.look, 0, this.loaded);
    this.points.setPalette(this.colours);
    this.stale = true;
    this.invalidate();
  }

  // -- frames -------------------------------------------------------------------------------------

  resize() {
    const { clientWidth: w, clientHeight: h } = this.stage,
      ratio = Math.min(2, window.devicePixelRatio || 1);
    this.camera.size(w, h);
    this.room();
    if (this.opening) this.camera.show(this.opening);
    for (const canvas of [this.overlay, this.under, this.points.canvas]) {
      canvas.width = Math.max(1, Math.round(w * ratio));
      canvas.height = Math.max(1, Math.round(h * ratio));
    }
    this.ratio = ratio;
    this.stale = true;
    this.empty = false;
    this.accent = accent(this.root);
  }

  moved() {
    this.moving = true;
    this.opening = null;
    this.words = null;
    this.movedAt = performance.now();
    this.rest();
    this.layers("camera");
    this.tell("camera", this.camera);
    this.invalidate();
  }

  // At rest when nothing has moved it for a while. Asked in a frame: what the hand did comes before
  // that, however slow frames are.
  rest() {
    const pause = Math.max(PAUSE, 2.5 * this.pace);
    clearTimeout(this.resting);
    this.resting = setTimeout(
      () =>
        requestAnimationFrame(() => {
          if (this.closed || !this.moving) return;
          if (performance.now() - this.movedAt < pause) {
            this.rest();
            return;
          }
          this.moving = false;
          this.stale ||= this.rough;
          this.invalidate();
        }),
      pause,
    );
  }

  /**
   * The part of the map a link asks for: [left, right, bottom, top] in its own units, once; of one
   * in 3-D the place of its camera.
   * @param {number[] | null | undefined} part
   */
  openAt(part) {
    if (!part || this.opened || (part.length === 9) !== (this.dims === 3)) return;
    this.opened = true;
    if (this.dims === 3) {
      this.camera.show(part);
      return;
    }
    this.opening = [...this.unitOf(part[0], part[2]), ...this.unitOf(part[1], part[3])];
    this.camera.show(this.opening);
  }

  fit() {
    this.camera.fit();
    this.moved();
  }

  // What lies over the edges: a long legend, and above it the buttons. The map makes room for it,
  // wherever it has been moved to.
  room() {
    const { camera, legendBox: box, stage } = this,
      { offsetWidth: w, offsetHeight: h } = box,
      wide = stage.clientWidth >= 480;
    const left =
        wide && stage.contains(box) && h > 0.4 * stage.clientHeight ? box.offsetLeft + w : 0,
      top = wide ? this.bar.offsetTop + this.bar.offsetHeight : 0;
    if (left === camera.left && top === camera.top) return;
    Object.assign(camera, { left, top });
    this.words = null;
    if (this.opening) camera.show(this.opening);
    this.stale = true;
    this.invalidate();
  }
  invalidate() {
    if (!this.frame && !this.closed)
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.drawNow();
      });
  }

  drawNow() {
    if (this.closed) return;
    const view = `${this.camera.key} ${!!this.moving}`;
    // not for what lies above alone
    if (this.loaded && (this.stale || this.fresh || view !== this.seen)) {
      this.seen = view;
      this.drawPoints();
    }
    const context = this.overlay.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.camera.width, this.camera.height);
    for (const layer of this.made || [])
      if (layer.draw) {
        context.save();
        this.safely(() => layer.draw(context, this));
        context.restore();
      }
    this.ring(context);
    if (!this.words) this.describe();
    // the grid, before a hand needs it
    if (this.unpainted && !this.rough && !this.counting) {
      this.unpainted = false;
      this.root.dataset.painted = String(this.turn);
      setTimeout(() => this.dims === 2 && this.within([0, 0, 1, 1]), 300);
    }
  }

  drawPoints() {
    const { camera } = this,
      now = performance.now();
    if (this.moving && this.lastFrame && now - this.lastFrame < 400)
      this.adapt(now - this.lastFrame);
    this.lastFrame = this.moving ? now : 0;
    if (
      this.stale ||
      (this.dims === 2 && !this.covers(camera.rect()) && !(this.counting && this.rough))
    )
      this.gather();
    this.fresh = false;
    const below = this.under.getContext("2d");
    below.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    below.clearRect(0, 0, camera.width, camera.height);
    if (!this.dense || !this.empty) this.points.clear();
    this.empty = this.dense;
    if (this.dense) {
      this.density.draw(below, camera);
      return;
    }
    const { listed, chosenFrom } = this,
      share = this.moving ? Math.min(1, this.budget / Math.max(1, listed)) : 1,
      size = this.dotSize();
    const dim = this.selected ? DIM / 255 : this.solid();
    if (this.dims === 3) {
      const many = Math.ceil(listed * share);
      if (this.sorted.length < listed) this.sorted = new Uint32Array(listed);
      this.points.setIndices(farFirst(camera, this.positions, this.list, many, this.sorted));
      this.cube(below);
      this.points.draw(camera, size, dim, 0, many);
      return;
    }
    this.points.draw(camera, size, dim, 0, Math.ceil(chosenFrom * share));
    this.points.draw(
      camera,
      this.selected ? size * 1.15 : size,
      dim,
      chosenFrom,
      chosenFrom + Math.ceil((listed - chosenFrom) * share),
    );
  }

  // The edges of the box that holds a map in 3-D, the farther the fainter: they say how it turns.
  cube(context) {
    const half = this.head.extent.map((v) => v / 2),
      corner = (sides) => sides.map((side, j) => UNITS / 2 + (side ? 1 : -1) * half[j]);
    context.strokeStyle = getComputedStyle(this.root).getPropertyValue("--ink");
    for (let c = 0; c < 8; c++)
      for (let axis = 0; axis < 3; axis++) {
        if ((c >> axis) & 1) continue;
        const sides = [0, 1, 2].map((j) => (c >> j) & 1),
          from = corner(sides),
          to = corner(sides.map((side, j) => (j === axis ? 1 : side))),
          middle = from.map((v, j) => (v + to[j]) / 2);
        context.globalAlpha = 0.25 * this.camera.solid(...middle) ** 2;
        context.beginPath();
        context.moveTo(...this.camera.toScreen(...from));
        context.lineTo(...this.camera.toScreen(...to));
        context.stroke();
      }
    context.globalAlpha = 1;
  }

  adapt(took) {
    this.pace += (took - this.pace) / 8;
    this.budget = Math.max(
      4000,
      Math.min(SHOWN, this.budget * (took > 40 ? 0.7 : took < 24 ? 1.15 : 1)),
    );
  }
  solid() {
    return this.listed < 20000 ? 0.85 : this.listed < 60000 ? 0.7 : 0.6;
  }
  dotSize() {
    return Math.min(
      14,
      Math.max(2, Math.min(9, 260 / Math.sqrt(this.n))) * Math.max(1, this.camera.scale) ** 0.35,
    );
  }

  // Whether what was gathered serves this part of the map.
  covers([left, bottom, right, top]) {
    const held = this.held;
    if (!held) return false;
    const [l, b, r, t] = held.rect;
    if (
      (left < l && l > 0) ||
      (right > r && r < UNITS) ||
      (bottom < b && b > 0) ||
      (top > t && t < UNITS)
    )
      return false;
    return this.camera.scale < held.scale * 1.5 || (held.whole && !this.dense);
  }

  /**
   * The points that may be in a part of the map: places (null: all, as they are drawn), runs of
   * them, how many, and how many at least are.
   * @param {Rect} rect
   * @returns {{ places: Uint32Array | null, runs: Pair[], many: number, least: number }}
   */
  within([left, bottom, right, top]) {
    const all = left <= 0 && bottom <= 0 && right >= UNITS && top >= UNITS;
    if (!all && !this.moving && this.loaded === this.n && this.n > SHOWN)
      this.grid ||= new Grid(this.positions, this.n);
    if (all || !this.grid)
      return {
        places: null,
        runs: [[0, this.loaded]],
        many: this.loaded,
        least: all ? this.loaded : 0,
      };
    const runs = this.grid.runs([left, bottom, right, top]);
    return {
      places: this.grid.places,
      runs,
      many: runs.reduce((sum, [from, to]) => sum + to - from, 0),
      least: this.grid.least([left, bottom, right, top]),
    };
  }

  // The places in view and around it, those chosen last; where they are too many, their density.
  gather() {
    if (this.dims === 3) {
      this.gatherAll();
      return;
    }
    const rect = this.camera.rect(0.25),
      [left, bottom, right, top] = rect,
      { positions, look } = this,
      part = this.within(rect),
      { places, runs } = part,
      last = [];
    if (!this.list || this.list.length < Math.min(this.n, SHOWN))
      this.list = new Uint32Array(Math.min(this.n, SHOWN));
    const into = this.list;
    let seen = this.hidden ? 0 : part.least,
      tail = 0;
    if (seen <= SHOWN) seen = 0;
    for (const [from, to] of runs) {
      for (let j = from; j < to && seen <= SHOWN; j++) {
        const i = places ? places[j] : j,
          x = positions[2 * i],
          y = positions[2 * i + 1];
        if (x < left || x > right || y < bottom || y > top || look[4 * i + 2] & 2) continue;
        if (seen++ === SHOWN) break;
        if (look[4 * i + 2] & 1) last.push(i);
        else into[tail++] = i;
      }
    }
    this.dense = seen > SHOWN;
    this.counting = null;
    this.rough = this.dense && !!this.moving;
    if (this.dense)
      ((this.counting = this.density.build(
        this,
        part,
        [
          Math.max(left, -1),
          Math.max(bottom, -1),
          Math.min(right, UNITS + 1),
          Math.min(top, UNITS + 1),
        ],
        1 / this.camera.k,
        this.rough,
      )),
        this.count());
    else {
      this.chosenFrom = tail;
      for (const i of last) into[tail++] = i;
      // any prefix is a fair sample
      if (places) {
        into.subarray(0, this.chosenFrom).sort();
        into.subarray(this.chosenFrom, tail).sort();
      }
      this.listed = tail;
      this.points.setIndices(into.subarray(0, tail));
    }
    this.held = {
      rect,
      scale: this.camera.scale,
      whole: left <= 0 && bottom <= 0 && right >= UNITS && top >= UNITS,
    };
    this.stale = false;
    this.gathered = this.loaded;
  }

  // All points of a map in 3-D that are not hidden, or as many of them as are drawn: any first part
  // of the drawn order is a fair sample.
  gatherAll() {
    const { look } = this;
    if (!this.list || this.list.length < Math.min(this.n, SHOWN))
      this.list = new Uint32Array(Math.min(this.n, SHOWN));
    let many = 0;
    for (let i = 0; i < this.loaded && many < this.list.length; i++)
      if (!(look[4 * i + 2] & 2)) this.list[many++] = i;
    this.listed = many;
    this.dense = this.rough = false;
    this.counting = this.held = null;
    this.stale = false;
    this.gathered = this.loaded;
  }

  // The density, a slice a frame, which is not drawn for it: what was counted before is seen until
  // it is whole. Where nothing is seen, at once.
  count() {
    const start = performance.now(),
      slice = this.unpainted ? FIRST_SLICE : SLICE,
      seen = this.density.over(this.camera);
    cancelAnimationFrame(this.ticking);
    while (this.counting && (!seen || performance.now() - start < slice))
      if (this.counting.next().done) {
        this.counting = null;
        this.fresh = true;
        this.invalidate();
      }
    if (this.counting)
      this.ticking = requestAnimationFrame(() => {
        if (this.counting && !this.closed) this.count();
      });
  }

  // The point under the pointer, ringed.
  ring(context) {
    if (!this.at) return;
    const [x, y] = this.pointAt(this.at.i),
      r = (this.dotSize() / 2) * this.camera.grow(...this.unitsAt(this.at.i));
    context.lineWidth = 2;
    context.strokeStyle = this.accent;
    context.beginPath();
    context.arc(x, y, Math.max(5, r + 3), 0, 7);
    context.stroke();
  }

  say(words, bad = false) {
    this.words = words;
    this.status.textContent = words;
    this.status.classList.toggle("at-bad", bad);
  }

  describe() {
    const count = (v) => v.toLocaleString("en-US"),
      parts = [`${count(this.n)} points`];
    if (this.loaded < this.n) parts.push(`${count(this.loaded)} here so far`);
    else if (this.dense) parts.push("density at this zoom");
    else if (this.dims === 3 && this.listed === SHOWN && this.n > SHOWN)
      parts.push(`${count(SHOWN)} of them drawn, chosen at random`);
    if (this.selected) parts.push(`${count(this.selected)} chosen`);
    this.status.classList.remove("at-bad");
    if (this.status.textContent !== parts.join("; ")) this.status.textContent = parts.join("; ");
  }

  // -- pointing and choosing ----------------------------------------------------------------------

  point(at) {
    this.pointer = at;
    if (at && this.loaded) this.pick(at);
    else this.leave();
  }

  leave() {
    if (!this.at) return;
    this.at = null;
    this.card.hide();
    this.stage.classList.remove("at-over");
    this.layers("hover", null);
    this.tell("hover", null);
    this.invalidate();
  }

  /**
   * The nearest point around a place on the screen that is not hidden, or null.
   * @param {Pair} at
   * @returns {Promise<Hit | null>}
   */
  async find([px, py]) {
    if (this.dims === 3) return this.nearest(px, py);
    const { map } = this.data,
      [x, y] = this.mapOf(...this.camera.toUnit(px, py)),
      radius = (REACH / this.camera.k / UNITS) * this.head.side;
    const { head } = await this.ask("pick", { map, x, y, radius, most: this.hidden ? 1000 : 8 });
    const found = head.places.findIndex((i) => i < this.loaded && !(this.look[4 * i + 2] & 2));
    return found < 0 ? null : { i: head.places[found], row: head.rows[found] };
  }

  nearest(px, py) {
    const { camera, positions, list, listed } = this,
      best = nearest(camera, positions, list.subarray(0, listed), [px, py], REACH, this.dotSize() / 2);
    return best < 0 ? null : { i: best, row: this.rowOf(best) };
  }

  async peek(at) {
    const found = await this.find(at);
    if (!this.pointer || this.closed) return;
    if (!found) {
      this.leave();
      return;
    }
    if (this.at?.row === found.row) return;
    const reply = await this.ask("card", { row: found.row });
    if (!this.pointer || this.closed) return;
    this.at = { ...found, head: reply.head };
    this.card.show(reply, ...this.pointAt(found.i), this.camera);
    this.stage.classList.add("at-over");
    this.layers("hover", this.at);
    this.tell("hover", this.at);
    this.invalidate();
  }

  async click(at, event) {
    if (this.made.some((layer) => layer.takes && this.safely(() => layer.takes(at, event)))) return;
    const found = await this.find(at),
      said = found && { ...found, event };
    this.layers("click", said);
    this.tell("click", said);
    if (found) this.report("picked", found.row);
  }

  /**
   * Corners on the screen -> the rows inside, decided by the server.
   * @param {Pair[]} corners
   * @param {string} how
   * @returns {any}
   */
  choose(corners, how) {
    if (this.dims === 3) {
      const { low, side } = this.head;
      return this.change(
        { by: "region", how, view: this.camera.view(low, side).join("_") },
        corners.flat(),
      );
    }
    return this.change(
      { by: "region", how },
      corners.flatMap(([px, py]) => this.mapOf(...this.camera.toUnit(px, py))),
    );
  }

  clear() {
    return this.selected ? this.change({ by: "none", how: "replace" }, []) : null;
  }

  async change(query, values) {
    const start = performance.now(),
      {
        head,
        buffer,
        start: at,
      } = await this.wire.tell("choose", { map: this.data.map, answer: "mask", ...query }, values);
    this.takeSelection(new Uint8Array(buffer, at), head.chosen);
    this.root.dataset.chose = String(Math.round(performance.now() - start));
    this.report("chosen", { count: head.chosen, stamp: Date.now() });
  }
}
