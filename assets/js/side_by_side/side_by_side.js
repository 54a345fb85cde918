// Two to four maps of the same rows side by side. Everything is by drawn place, which is the same
// in all of them.

import { Atlas } from "../map/atlas.js";
import { MarkedLayer } from "../map/layers/marked.js";
import { bit } from "../shared/bits.js";
import { LOSS_STEPS, losses } from "../shared/colours.js";
import { element, find, findAll, whenGone } from "../shared/dom.js";
import { icons } from "../shared/icons.js";
import { Wire, runOf } from "../shared/wire.js";
import { SMALL, Through } from "./items.js";
import { Morph, rest } from "./morph.js";

// opacity (of 255) of what changed less than the threshold
const FAINT = 40;

/** @param {Component} component */
export default function (component) {
  const { data, parentElement, setStateValue } = component,
    root = find(parentElement, ".bs");
  if (!root || !data) return;
  const identity = JSON.stringify([data.kind, data.panes.map((pane) => runOf(pane.token))]);
  if (root.bs && root.bs.identity === identity) root.bs.update(data, setStateValue);
  else {
    if (root.bs) root.bs.close();
    root.bs = new SideBySide(root, data, identity, setStateValue);
  }
  return () =>
    whenGone(root, () => {
      root.bs?.close();
      root.bs = null;
    });
}

class SideBySide {
  /** @type {HTMLElement} */ root;
  /** @type {any} */ data;
  /** @type {string} */ identity;
  /** @type {ReportValue} */ report;
  /** @type {(name: string) => any} */ part;
  /** @type {string} */ mode;
  /** @type {number} */ share;
  /** @type {number | null} */ row;
  /** @type {AbortController} */ listeners;
  /** @type {Wire[]} */ wires;
  /** @type {Through} */ items;
  /** @type {Atlas[]} */ atlases;
  /** @type {Morph} */ morph;
  /** @type {{ x: number, y: number, scale: number }} */ view;
  /** @type {Hit} */ pinned;
  /** @type {boolean} */ following;
  /** @type {Uint8Array} */ chosen;
  /** @type {string} */ changeName;
  /** @type {Uint8Array | null} */ lost;
  /** @type {Uint32Array} */ losses;
  /** @type {number} */ k;
  /** @type {number} */ chance;

  constructor(root, data, identity, report) {
    const part = (name) => find(root, `.bs-${name}`);
    Object.assign(this, {
      root,
      data,
      identity,
      report,
      part,
      mode: "own",
      share: 0.5,
      row: null,
      listeners: new AbortController(),
    });
    this.wires = [];
    for (const { run, token } of data.panes)
      this.wires[run] ||= new Wire(new URL("live/", document.baseURI), token);
    this.items = new Through(part("items"), data.kind);
    this.build();
    this.controls();
    this.pair();
    this.models();
    this.fetchChange();
  }

  close() {
    this.listeners.abort();
    this.morph?.close();
    for (const atlas of this.atlases) atlas.close();
    for (const wire of this.wires) wire.close();
  }

  build() {
    const panes = this.part("panes"),
      template = this.part("atlas");
    panes.replaceChildren();
    this.part("legend").replaceChildren();
    panes.dataset.count = this.data.panes.length;
    panes.style.setProperty("--panes", this.data.panes.length);
    this.atlases = this.data.panes.map((pane, place) => {
      const box = element("article", "bs-pane"),
        head = element("header", "");
      head.append(element("span", "bs-title"), element("span", "bs-said"));
      box.append(head, template.content.cloneNode(true));
      panes.append(box);
      const atlas = new Atlas(
        box.querySelector(".at"),
        pane,
        (name, value) => this.told(name, value),
        [MarkedLayer],
        this.wires[pane.run],
      );
      atlas.pane = box;
      this.name(atlas, pane, place);
      this.join(atlas);
      return atlas;
    });
    this.part("legend").append(this.atlases[0].legendBox);
  }

  name(atlas, pane, place) {
    find(atlas.pane, ".bs-title").textContent = `${place + 1} · ${pane.title}`;
    find(atlas.pane, ".bs-said").textContent = pane.said;
    atlas.stage.setAttribute("aria-label", `map ${place + 1}: ${pane.title}`);
  }

  // Streamlit ran the page again.
  update(data, report) {
    const before = this.data;
    Object.assign(this, { data, report });
    data.panes.forEach((pane, place) => {
      this.name(this.atlases[place], pane, place);
      this.atlases[place].update(pane, (name, value) => this.told(name, value));
    });
    if (String(data.pair) !== String(before.pair)) this.pair();
    else this.label();
    this.fetchChange();
  }

  // -- what one pane does, the others do ----------------------------------------------------------

  others(atlas) {
    return this.atlases.filter((other) => other !== atlas);
  }

  join(atlas) {
    atlas.on("camera", (camera) => this.follow(atlas, camera));
    atlas.on("hover", (at) => this.mark(at ? at.i : null, at ? at.row : null));
    atlas.on("click", (at) => {
      if (at) {
        this.pinned = at;
        this.mark(at.i, at.row);
      }
    });
    atlas.on("selection", ({ bits, count }) => this.chose(atlas, bits, count));
    atlas.on("scene", () => this.came(atlas));
  }

  follow(atlas, { x, y, scale }) {
    if (this.following || !this.part("link").checked) return;
    this.following = true;
    this.view = { x, y, scale };
    for (const other of this.others(atlas)) {
      other.camera.aim(x, y, scale);
      other.moved();
    }
    for (const each of this.atlases) rest(each);
    this.following = false;
  }

  mark(i, row) {
    const { pinned } = this;
    if (i === null && pinned) ({ i, row } = pinned);
    for (const atlas of this.atlases) {
      atlas.marked = i;
      atlas.invalidate();
    }
    if (row !== null) {
      this.row = row;
      this.items.show(row);
    }
  }

  async chose(atlas, bits, count) {
    const known =
      this.chosen &&
      this.chosen.length === bits.length &&
      this.chosen.every((byte, i) => byte === bits[i]);
    this.chosen = bits;
    if (known) return; // told again after the page ran
    for (const other of this.others(atlas)) other.select(bits, count);
    this.chosenRows(bits, count);
    if (this.wires.length > 1) await atlas.wire.tell("spread");
    this.report("chosen", { count, stamp: Date.now() });
  }

  chosenRows(bits, count) {
    const rows = [];
    for (let i = 0; count && i < this.data.n && rows.length < SMALL; i++)
      if (bit(bits, i)) rows.push(this.atlases[0].rowOf(i));
    this.items.choose(rows);
  }

  told(name, value) {} // clicks and choices are told by us, once for all panes

  // A map has come whole: where the others look, with what they have chosen and in the colours of
  // the change.
  came(atlas) {
    if (this.view && this.part("link").checked) {
      this.following = true;
      atlas.camera.aim(this.view.x, this.view.y, this.view.scale);
      atlas.moved();
      this.following = false;
    }
    const [first] = this.atlases;
    if (atlas === first) {
      for (const other of this.others(first))
        if (other.loaded === other.n && other.n) other.select(first.bits, first.selected);
      this.chosenRows(first.bits, first.selected);
    } else if (first.bits && first.loaded === first.n) atlas.select(first.bits, first.selected);
    if (this.row === null && atlas === first) {
      const i = atlas.placeOf(0);
      this.pinned = { i, row: 0 };
      this.mark(i, 0);
    }
    if (this.mode === "change") this.dress(atlas);
    if (this.morph && (atlas === this.morph.from || atlas === this.morph.to)) this.label();
    // for tests
    this.root.dataset.ready = String(this.atlases.filter((a) => a.n && a.loaded === a.n).length);
  }

  // -- the controls -------------------------------------------------------------------------------

  controls() {
    icons(this.part("bar"));
    const on = (name, kind, act) =>
      this.part(name).addEventListener(kind, act, { signal: this.listeners.signal });
    on("link", "change", () => {
      const [first] = this.atlases;
      if (this.part("link").checked) this.follow(first, first.camera);
    });
    for (const b of findAll(this.root, ".bs-mode"))
      b.addEventListener("click", () => this.setMode(b.dataset.mode), {
        signal: this.listeners.signal,
      });
    on("share", "input", (event) => {
      this.share = Number(event.target.value);
      this.count();
      if (this.mode === "change") this.fade();
    });
    on("t", "input", (event) => {
      this.morph.stop();
      this.morph.set(Number(event.target.value));
    });
    on("play", "click", () => this.morph.play());
    this.part("ramp").querySelector("i").style.background =
      `linear-gradient(90deg, ${LOSS_STEPS.map((c) => `rgb(${c})`).join(",")})`;
    this.setMode("own");
  }

  pair() {
    const [a, b] = this.data.pair;
    this.morph?.close();
    this.morph = new Morph(this.atlases[a], this.atlases[b], (t) => this.label(t));
    this.part("t").value = 0;
    this.label();
  }

  label(t = this.morph.t) {
    const [a, b] = this.data.pair,
      { panes } = this.data,
      title = this.morph.from.pane.querySelector(".bs-title"),
      play = this.part("play");
    this.part("from").textContent = `${a + 1}`;
    this.part("to").textContent = `${b + 1}`;
    this.part("t").value = t;
    this.part("t").setAttribute(
      "aria-label",
      `from map ${a + 1} to map ${b + 1}, drawn in the place of map ${a + 1}`,
    );
    const words = `Move the points of map ${a + 1} to where map ${b + 1} has them, and back`;
    play.title = words;
    play.setAttribute("aria-label", words);
    title.textContent = t
      ? `${a + 1} → ${b + 1} · ${Math.round(100 * t)} % of the way to ${panes[b].title}`
      : `${a + 1} · ${panes[a].title}`;
    this.root.dataset.t = String(t);
  }

  models() {
    const seen = [];
    for (const pane of this.data.panes)
      seen[pane.run] ||= {
        name: pane.model,
        ask: (route, query) => this.wires[pane.run].ask(route, query),
      };
    this.items.through(
      (route, query) => this.wires[0].ask(route, { ...query, map: this.data.panes[0].map }),
      seen,
    );
  }

  // -- what changed -------------------------------------------------------------------------------

  async fetchChange() {
    const wanted = this.data.change,
      name = wanted && wanted.name;
    for (const b of findAll(this.root, '.bs-mode[data-mode="change"]')) b.disabled = !wanted;
    if (name === this.changeName) return;
    this.changeName = name;
    this.lost = null;
    this.count();
    if (!wanted) return;
    const { head, buffer, start } = await this.wires[this.data.panes[wanted.pane].run].ask(
      "changed",
      { name },
    );
    if (name !== this.changeName) return;
    Object.assign(this, { lost: new Uint8Array(buffer, start), k: head.k, chance: head.chance });
    this.losses = new Uint32Array(head.k + 1);
    for (const l of this.lost) this.losses[l]++;
    this.count();
    if (this.mode === "change") for (const atlas of this.atlases) this.dress(atlas);
  }

  count() {
    const percent = `${Math.round(100 * this.share)} %`,
      words = this.part("count");
    this.part("share-value").textContent = percent;
    if (!this.lost) {
      words.textContent = "";
      return;
    }
    const { k, share, losses } = this,
      [a, b] = this.data.pair,
      number = (v) => v.toLocaleString("en-US");
    const over = losses.reduce((sum, many, l) => sum + (l > share * k + 1e-9 ? many : 0), 0);
    words.textContent = `${number(over)} of ${number(this.data.n)} points changed more than ${share === 0.5 ? "half" : percent} of their ${k} nearest neighbours between ${a + 1} and ${b + 1}.`;
    this.root.dataset.over = String(over);
  }

  setMode(mode) {
    this.mode = mode;
    this.root.classList.toggle("bs-changing", mode === "change");
    for (const b of findAll(this.root, ".bs-mode"))
      b.setAttribute("aria-pressed", String(b.dataset.mode === mode));
    for (const name of ["threshold", "ramp"]) this.part(name).hidden = mode !== "change";
    for (const atlas of this.atlases) if (atlas.n) this.dress(atlas);
  }

  fade() {
    const opacity = this.opacities();
    for (const atlas of this.atlases) if (atlas.n) atlas.fade(opacity, this);
  }

  opacities() {
    const { lost, share, k } = this,
      bound = share * k + 1e-9;
    return lost.map((l) => (l > bound ? 255 : FAINT));
  }

  dress(atlas) {
    const changing = this.mode === "change" && this.lost?.length === atlas.n;
    if (changing || atlas.fading.has(this)) atlas.fade(changing ? this.opacities() : null, this);
    if (changing || atlas.painted)
      atlas.paint(changing ? this.lost : null, changing ? losses(this.k) : null);
  }
}
