// The live explorer: a map, sliders and the decoded item, kept in step while the hand moves.
// One question is in flight at a time and the newest code wins, so what is drawn is never far behind the pointer.

import { element, same } from "../shared/dom.js";
import { latest } from "../shared/latest.js";
import { painter } from "../shared/painters.js";
import { plotly } from "../shared/plotly.js";
import { Wire, runOf } from "../shared/wire.js";
import { PROBE, SPREAD, mapPart } from "./plotly_map.js";
import { shelfPart } from "./shelf.js";
import { walkPart } from "./walk.js";

const HISTORY = 200;
const left = new Map();     // the last explorer of each run: a page that is left and opened again goes on where it was

/** @param {Component} component */
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".lx");
  if (!root || !data) return;
  // Streamlit calls again on every rerun; the explorer is built anew only when it is another run, map, colouring or visit.
  const identity = JSON.stringify([runOf(data.token), data.map, data.colour, data.dims, data.visit]), before = root.lx || left.get(runOf(data.token));
  if (before && before.root === root && before.identity === identity) before.refresh(data, setStateValue);
  else {
    if (before) before.close();
    root.lx = new Explorer(root, data, identity, setStateValue, before);
    left.clear(); left.set(runOf(data.token), root.lx);
  }
  return () => setTimeout(() => { if (!root.isConnected && root.lx) { root.lx.close(); root.lx.wire.close(); } }, 1000);     // the page has been left
}

class Explorer {
  constructor(root, data, identity, report, before) {
    Object.assign(this, { root, data, identity, report, code: null, start: null, place: null, history: [], future: [], seed: -1, a: data.a, b: data.b, walk: null, camera: data.camera, chosen: new Set(), kept: null, born: performance.now() });
    const stays = before && runOf(before.data.token) === runOf(data.token) && before.code;
    if (stays) {       // another map or colouring of the same codes: what is in hand stays
      for (const name of ["code", "start", "selected", "history", "future", "seed", "a", "b", "corners"]) this[name] = before[name];
      this.camera = before.data.map === data.map && before.data.dims === data.dims ? before.camera : null;
      if (before.data.visit === data.visit) Object.assign(data, { row: before.selected, code: before.code });
    }
    root.className = `lx lx-${data.kind === "text" ? "text-kind" : data.kind}`;
    this.listeners = new AbortController();
    const base = new URL("live/", document.baseURI);
    if (before && !stays) before.wire.close();
    this.wire = stays && !before.wire.closed ? before.wire : new Wire(base, data.token);
    this.wire.trouble = (words) => this.say(words, true);
    this.decode = latest((code) => this.ask("decode", { map: data.map }, code).then((reply) => this.show(reply)));
    this.drop = latest((place) => this.ask("place", { map: data.map }, place).then((reply) => { this.setCode(reply.head.code, "map"); this.show(reply); this.say(this.data.how); }));
    this.film = latest((code) => this.ask("film", { count: data.dimensions.filter((d) => d.first).length }, code).then((reply) => this.drawFilm(reply)));
    this.draw = painter(data.kind);
    this.build(stays, before);
    this.open();
  }

  close() {
    this.listeners.abort(); clearTimeout(this.timer);
    if (this.plot && window.Plotly) window.Plotly.purge(this.plot);
  }

  // The page ran again and this explorer stays: directions may have changed, or what is kept.
  refresh(data, report) {
    this.report = report;
    const changed = JSON.stringify(data.directions) !== JSON.stringify(this.data.directions);
    this.data.directions = data.directions;
    if (changed) this.buildDirections();
  }

  ask(route, query, values) { return this.wire.ask(route, query, values); }

  // -- the page ---------------------------------------------------------------------------------------------------------

  build(stays, before) {
    const { data } = this, part = (name) => this.root.querySelector(`.lx-${name}`);
    this.item = part("item"); this.near = part("near"); this.words = part("say");
    this.meter = part("meter"); this.trust = part("trust"); this.sliders = part("sliders"); this.more = part("more-sliders");
    this.realBox = part("real"); this.realName = part("real-name");
    this.sliders.replaceChildren(); this.more.replaceChildren(); this.rows = {};
    for (const d of data.dimensions) (d.first ? this.sliders : this.more).append(this.slider(d));
    this.buildDirections();
    const folded = data.dimensions.filter((d) => !d.first).length;
    part("fold").hidden = folded === 0;
    part("more-name").textContent = `${folded} more dimensions` + (data.dead ? `, ${data.dead} of them do next to nothing` : "");
    const on = (target, kind, act) => target.addEventListener(kind, act, { signal: this.listeners.signal });
    on(part("undo"), "click", () => this.back()); on(part("redo"), "click", () => this.forth());
    on(part("reset"), "click", () => this.drop.rest().then(() => this.move(this.start, "reset", true)));
    on(part("random"), "click", () => this.random());
    on(part("row-number"), "change", (event) => this.select(Number(event.target.value)));
    on(this.root, "keydown", (event) => this.key(event));
    document.addEventListener("pointerdown", (event) => { if (this.telling && !this.root.contains(event.target)) this.tellPage(1500); }, { capture: true, signal: this.listeners.signal });
    this.buildMap(on, part); this.buildWalk(on, part); this.buildShelf(on, part);
    if (stays && before.root !== this.root) this.search((part("query").value = before.query || ""));
    const walk = stays ? { walk: before.kind.value, t: before.t.value } : data;
    if (walk.walk) { this.kind.value = walk.walk; this.t.value = walk.t; }
  }

  // One dimension: its name, what it does across its range, its slider over that, and its exact number.
  slider(d) {
    const row = element("div", "lx-row"), label = element("label", "lx-label", d.name), band = element("div", "lx-band"), film = element("div", "lx-film");
    const range = element("input", "lx-range"), number = element("input", "lx-number");
    label.title = d.help; range.id = `lx-${this.data.token.slice(0, 6)}-${d.j}`; label.htmlFor = range.id;
    Object.assign(range, { type: "range", min: d.low, max: d.high, step: (d.high - d.low) / 400 });
    range.setAttribute("aria-label", `${d.name}: ${d.help}`);
    Object.assign(number, { type: "number", step: "any", title: "Type an exact value" }); number.setAttribute("aria-label", `${d.name}, exact value`);
    const change = (value, source) => { if (Number.isFinite(value) && this.code) { const code = this.code.slice(); code[d.j] = value; this.move(code, source); } };
    range.addEventListener("input", () => change(Number(range.value), "slider"));
    range.addEventListener("change", () => this.settle());
    number.addEventListener("change", () => { change(Number(number.value), "number"); this.settle(); });
    range.addEventListener("dblclick", () => { change(this.start[d.j], "reset"); this.settle(); });
    row.append(label, band, number); band.append(film, range);
    this.rows[d.j] = { range, number, film };
    return row;
  }

  buildDirections() {
    this.amounts = [];
    this.root.querySelector(".lx-directions").replaceChildren(...this.data.directions.map((d) => this.direction(d)));
  }

  // A learnt direction: its slider adds an amount of it to whatever code is in hand, and starts from 0 again with every new item.
  direction(d) {
    const row = element("div", "lx-row"), label = element("label", "lx-label", d.name), band = element("div", "lx-band"), range = element("input", "lx-range"), number = element("span", "lx-caption");
    label.title = d.sentence; range.id = `lx-d-${d.name}`; label.htmlFor = range.id;
    Object.assign(range, { type: "range", min: -2, max: 2, step: 0.01, value: 0 });
    range.setAttribute("aria-label", `${d.name}: ${d.sentence}`); number.textContent = "0.00";
    const at = { amount: 0, reset: () => { at.amount = 0; range.value = 0; number.textContent = "0.00"; } };
    range.addEventListener("input", () => {
      const step = Number(range.value) - at.amount; at.amount = Number(range.value); number.textContent = at.amount.toFixed(2);
      this.move(this.code.map((v, j) => v + step * d.vector[j]), "direction");
    });
    range.addEventListener("change", () => this.settle());
    this.amounts.push(at);
    row.classList.add("lx-direction"); row.append(label, band, number); band.append(range);
    return row;
  }

  async open() {
    try {
      const { map, colour, row, code } = this.data;
      const [scene, kept] = await Promise.all([this.ask("scene", colour ? { map, colour } : { map }), this.ask("kept"), plotly(this.wire.base)]);
      this.kept = kept.head; this.chosen = new Set(new Int32Array(kept.buffer, kept.start));
      this.drawMap(scene);
      this.showChosen(); this.showBookmarks();
      await this.select(row, code);
      if (this.a || this.b) this.makeWalk();
    } catch (error) { if (!this.words.textContent) this.say(String(error.message || error), true); }
  }

  // -- moving -----------------------------------------------------------------------------------------------------------

  setCode(code, source) {
    this.code = Array.from(code); this.drawn = false;
    for (const j in this.rows) {
      const { range, number } = this.rows[j];
      if (document.activeElement !== range || source !== "slider") range.value = this.code[j];
      if (document.activeElement !== number) number.value = this.code[j].toFixed(3);
    }
  }

  move(code, source, settled = false) { this.setCode(code, source); this.decode(this.code); if (settled) this.settle(); }

  // The hand has let go: remember the move, draw the filmstrips for the new place, tell the page.
  settle() {
    const last = this.history[this.history.length - 1];
    if (!last || last.some((v, j) => v !== this.code[j])) {
      this.history.push(this.code.slice()); this.future = [];
      if (this.history.length > HISTORY) this.history.shift();
    }
    this.film(this.code); this.makeGrid(); this.tellPage();
  }

  // What is in hand, for the address. Not while a press elsewhere may lead to another page: a word that comes between makes
  // Streamlit run this page again.
  tellPage(wait = 250) {
    clearTimeout(this.timer); this.telling = true;
    const end = (at) => at && (Number.isInteger(at.row) ? { row: at.row } : { code: at.code.map((v) => Number(v.toFixed(4))) });
    this.timer = setTimeout(() => { this.telling = false; if (this.code && this.root.isConnected) this.report("at", { row: this.selected, code: this.row() === null ? this.code.map((v) => Number(v.toFixed(5))) : null, a: end(this.a), b: end(this.b),
      walk: this.kind.value, t: Number(this.t.value), camera: this.camera || null }); }, wait);
  }

  // What comes after a place on the map comes after its answer, which may be late.
  async back() { await this.drop.rest(); if (this.history.length > 1) { this.future.push(this.history.pop()); this.move(this.history[this.history.length - 1], "undo"); this.film(this.code); this.tellPage(); } }
  async forth() { await this.drop.rest(); if (this.future.length) { const code = this.future.pop(); this.history.push(code); this.move(code, "redo"); this.film(this.code); this.tellPage(); } }

  async random() {
    const { head } = await this.ask("random", { seed: ++this.seed });
    await this.drop.rest();
    this.move(head.code, "random", true);
    this.drawn = true;
    this.say(`Random code from ${head.source}; seed ${head.seed}.`);
  }

  async select(row, code) {
    if (!Number.isInteger(row) || row < 0 || row >= this.data.n) { this.say(`Rows go from 0 to ${this.data.n - 1}.`, true); return; }
    const reply = await this.ask("item", { map: this.data.map, i: row });
    await this.drop.rest();
    this.selected = row; this.start = reply.head.codes[0];
    for (const at of this.amounts) at.reset();
    this.root.querySelector(".lx-row-number").value = row;
    this.realName.textContent = reply.head.names[0];
    this.draw.real(this.realBox, reply, 0, this.data, this);
    this.trace(SPREAD, reply.head.spread || []);
    this.move(code && code.length === this.start.length ? code : this.start, "select", true);
  }

  // What the code in hand is, in words: a real row, a moved one, or a draw.
  origin() { return this.row() !== null ? `row ${this.selected}` : this.drawn ? `random code ${this.seed}` : `moved from row ${this.selected}`; }
  row() { return same(this.code, this.start) ? this.selected : null; }

  key(event) {
    const typing = event.target.matches("input[type=number], input[type=text], input[type=search], select, textarea"), control = event.ctrlKey || event.metaKey, key = event.key.toLowerCase();
    if (control && key === "z" && !typing) { event.preventDefault(); event.shiftKey ? this.forth() : this.back(); }
    else if (key === "r" && !typing && !control) { event.stopPropagation(); this.random(); }   // Streamlit's own R would rerun
    else if (key === "escape") this.setTool("move");
    if (typing) event.stopPropagation();        // nor may a letter typed here be one of Streamlit's shortcuts
  }

  // -- drawing ----------------------------------------------------------------------------------------------------------

  show(reply) {
    const { head } = reply;
    this.draw.made(this.item, reply, 0, this.data, this);
    this.root.dataset.code = JSON.stringify(head.code);          // what is on display, for tests and for the curious
    this.root.dataset.frames = Number(this.root.dataset.frames || 0) + 1;
    this.place = head.place;
    this.three ? this.trace(PROBE, [head.place]) : this.putHandle();
    this.meter.style.setProperty("--at", `${Math.min(head.percentile, 100)}%`);
    this.meter.setAttribute("aria-valuenow", head.percentile);
    const { code, words } = head.typicality;
    if (code !== this.typicality) {
      this.typicality = code;
      this.trust.className = `lx-trust lx-${code}`; this.trust.textContent = words;
    }
    // the real neighbours follow when the hand slows down: their pictures must not hold up the decoded one
    if (String(head.near) !== String(this.nearRows)) { this.nearRows = head.near; clearTimeout(this.nearing); this.nearing = setTimeout(() => this.showNear(this.nearRows), 120); }
  }

  showNear(rows) {
    this.fetchNear ||= latest((rows) => this.ask("item", { map: this.data.map, i: rows.join(",") }).then((reply) => this.near.replaceChildren(...this.itemCards(reply, rows))));
    this.fetchNear(rows);
  }

  drawFilm(reply) {
    const { order, stops } = reply.head;
    order.forEach((j, m) => { if (this.rows[j]) this.draw.film(this.rows[j].film, reply, m * stops, stops, this.data); });
  }

  say(words, bad = false) { this.words.textContent = words || ""; this.words.classList.toggle("lx-bad", bad); }
}

Object.assign(Explorer.prototype, mapPart, walkPart, shelfPart);
