// The live explorer: a map, sliders and the decoded item, kept in step while the hand moves.
// One question is in flight at a time and the newest code wins, so what is drawn is never far
// behind the pointer.

import { element, find, same, whenGone } from "../shared/dom.js";
import { icons } from "../shared/icons.js";
import { latest } from "../shared/latest.js";
import { painter } from "../shared/painters.js";
import { Wire, runOf } from "../shared/wire.js";
import { ExplorerMap } from "./map.js";
import { ContactSheet } from "./sheet.js";
import { Shelf } from "./shelf.js";
import { Walk } from "./walk.js";

const HISTORY = 200,
  STOPS = 9; // pictures of a learnt direction
const STAYS = ["code", "start", "selected", "history", "future", "seed"];

/**
 * The last explorer of each run: a page that is left and opened again goes on where it was.
 * @type {Map<string, Explorer>}
 */
const left = new Map();

/** @param {Component} component */
export default function (component) {
  const { data, parentElement, setStateValue } = component,
    root = find(parentElement, ".lx");
  if (!root || !data) return;
  // Streamlit calls again on every rerun; the explorer is built anew only when it is another run,
  // map, colouring or visit.
  const run = runOf(data.token),
    identity = JSON.stringify([run, data.map, data.colour, data.dims, data.visit]);
  const before = root.lx || left.get(run);
  if (before && before.root === root && before.identity === identity)
    before.refresh(data, setStateValue);
  else {
    if (before) before.close();
    root.lx = new Explorer(root, data, identity, setStateValue, before);
    left.clear();
    left.set(run, root.lx);
  }
  // the page has been left
  return () =>
    whenGone(root, () => {
      root.lx?.close();
      root.lx?.wire.close();
    });
}

export class Explorer {
  /** @type {HTMLElement} */
  root;
  /** @type {any} */
  data;
  /** @type {string} */
  identity;
  /** @type {ReportValue} */
  report;
  /** @type {AbortController} */
  listeners;
  /** @type {Wire} */
  wire;
  /** @type {ExplorerMap} */
  map;
  /** @type {Walk} */
  walk;
  /** @type {ContactSheet} */
  sheet;
  /** @type {Shelf} */
  shelf;
  /** The code in hand. @type {number[] | null} */
  code = null;
  /** The code of the item it started from. @type {number[] | null} */
  start = null;
  /** That item's row. @type {number} */
  selected;
  /** @type {number[][]} */
  history = [];
  /** @type {number[][]} */
  future = [];
  seed = -1;
  drawn = false;
  telling = false;
  /** @type {string} */
  typicality;
  /** @type {number[]} */
  nearRows;
  /** @type {number} */
  timer;
  /** @type {number} */
  nearing;
  /** @type {Record<number, SliderParts>} */
  rows = {};
  /** @type {{ amount: number, reset: () => void }[]} */
  amounts = [];

  /**
   * @param {HTMLElement} root
   * @param {any} data: as Python passes it
   * @param {string} identity
   * @param {ReportValue} report
   * @param {Explorer | undefined} before: the one it takes the place of
   */
  constructor(root, data, identity, report, before) {
    Object.assign(this, { root, data, identity, report });
    const stays =
      before && runOf(before.data.token) === runOf(data.token) && before.code ? before : null;
    if (stays) {
      // another map or colouring of the same codes: what is in hand stays
      for (const name of STAYS) this[name] = stays[name];
      Object.assign(data, {
        a: stays.walk.a,
        b: stays.walk.b,
        walk: stays.walk.kind.value,
        t: stays.walk.t.value,
      });
      data.camera =
        stays.data.map === data.map && stays.data.dims === data.dims ? stays.map.camera : null;
      if (stays.data.visit === data.visit)
        Object.assign(data, { row: stays.selected, code: stays.code });
    }
    root.className = `lx lx-${data.kind === "text" ? "text-kind" : data.kind}`;
    this.listeners = new AbortController();
    if (before && !stays) before.wire.close();
    this.wire =
      stays && !stays.wire.closed
        ? stays.wire
        : new Wire(new URL("live/", document.baseURI), data.token);
    this.wire.trouble = (words) => this.say(words, true);
    const { map } = data,
      firsts = data.dimensions.filter((d) => d.first).length;
    this.decode = latest((code) =>
      this.ask("decode", { map }, code).then((reply) => this.show(reply)),
    );
    this.drop = latest((place) =>
      this.ask("place", { map }, place).then((reply) => {
        this.setCode(reply.head.code, "map");
        this.show(reply);
        this.say(this.data.how);
      }),
    );
    this.traversal = latest((code) =>
      this.ask("traversals", { count: firsts }, code)
        .then((reply) => this.drawTraversals(reply))
        .then(() => this.drawDirections(code)),
    );
    this.fetchNear = latest((rows) =>
      this.ask("item", { map, i: rows.join(",") }).then((reply) =>
        this.near.replaceChildren(...this.shelf.itemCards(reply, rows)),
      ),
    );
    this.draw = painter(data.kind);
    this.build(stays);
    this.open();
  }

  close() {
    this.listeners.abort();
    clearTimeout(this.timer);
    clearTimeout(this.nearing);
    this.map.close();
  }

  // The page ran again and this explorer stays: directions may have changed, or what is chosen.
  refresh(data, report) {
    this.report = report;
    const changed = JSON.stringify(data.directions) !== JSON.stringify(this.data.directions);
    this.data.directions = data.directions;
    if (changed) this.buildDirections();
    this.map.refresh(data);
  }

  /**
   * A question to the server.
   * @param {string} route
   * @param {object} [query]
   * @param {ArrayLike<number> | null} [values]
   */
  ask(route, query, values) {
    return this.wire.ask(route, query, values);
  }

  /** @param {string} name */
  part(name) {
    return find(this.root, `.lx-${name}`);
  }

  /**
   * Listen until this explorer is closed.
   * @param {EventTarget} target
   * @param {string} kind
   * @param {(event: any) => void} act
   */
  on(target, kind, act) {
    target.addEventListener(kind, act, { signal: this.listeners.signal });
  }

  // -- the page -----------------------------------------------------------------------------------

  /** @param {Explorer | null} stays */
  build(stays) {
    const { data } = this,
      part = (name) => this.part(name);
    icons(this.root);
    this.item = part("item");
    this.near = part("near");
    this.words = part("say");
    this.meter = part("meter");
    this.trust = part("trust");
    this.sliders = part("sliders");
    this.more = part("more-sliders");
    this.sliders.replaceChildren();
    this.more.replaceChildren();
    for (const d of data.dimensions) (d.first ? this.sliders : this.more).append(this.slider(d));
    this.buildDirections();
    const folded = data.dimensions.filter((d) => !d.first).length;
    part("fold").hidden = folded === 0;
    part("more-name").textContent =
      `${folded} more dimensions` + (data.dead ? `, ${data.dead} of them do next to nothing` : "");
    this.on(part("undo"), "click", () => this.back());
    this.on(part("redo"), "click", () => this.forth());
    this.on(part("reset"), "click", () =>
      this.drop.rest().then(() => this.move(this.start, "reset", true)),
    );
    this.on(part("random"), "click", () => this.random());
    this.on(part("row-number"), "change", (event) => this.select(Number(event.target.value)));
    this.on(this.root, "keydown", (event) => this.key(event));
    document.addEventListener(
      "pointerdown",
      (event) => {
        if (this.telling && !this.root.contains(/** @type {Node} */ (event.target)))
          this.tellPage(1500);
      },
      { capture: true, signal: this.listeners.signal },
    );
    this.map = new ExplorerMap(this);
    this.walk = new Walk(this);
    this.sheet = new ContactSheet(this, stays?.sheet.corners);
    this.shelf = new Shelf(this, stays && stays.root !== this.root ? stays.shelf.query : "");
  }

  // One dimension: its name, what it does across its range, its slider over that, and its exact
  // number.
  slider(d) {
    const row = element("div", "lx-row"),
      label = element("label", `lx-label${d.name.length > 8 ? " lx-long" : ""}`, d.name),
      band = element("div", "lx-band"),
      traversal = element("div", "lx-film");
    const range = element("input", "lx-range"),
      number = element("input", "lx-number");
    label.title = d.help;
    range.id = `lx-${this.data.token.slice(0, 6)}-${d.j}`;
    label.htmlFor = range.id;
    Object.assign(range, { type: "range", min: d.low, max: d.high, step: (d.high - d.low) / 400 });
    range.setAttribute("aria-label", `${d.name}: ${d.help}`);
    Object.assign(number, { type: "number", step: "any", title: "Type an exact value" });
    number.setAttribute("aria-label", `${d.name}, exact value`);
    const change = (value, source) => {
      if (Number.isFinite(value) && this.code) {
        const code = this.code.slice();
        code[d.j] = value;
        this.move(code, source);
      }
    };
    range.addEventListener("input", () => change(Number(range.value), "slider"));
    range.addEventListener("change", () => this.settle());
    number.addEventListener("change", () => {
      change(Number(number.value), "number");
      this.settle();
    });
    range.addEventListener("dblclick", () => {
      change(this.start[d.j], "reset");
      this.settle();
    });
    row.append(label, band, number);
    band.append(traversal, range);
    this.rows[d.j] = { range, number, traversal };
    return row;
  }

  buildDirections() {
    this.amounts = [];
    this.part("directions").replaceChildren(...this.data.directions.map((d) => this.direction(d)));
  }

  // A learnt direction: its slider adds an amount of it to whatever code is in hand, and starts
  // from 0 again with every new item.
  direction(d) {
    const row = element("div", "lx-row"),
      label = element("label", "lx-label", d.name),
      band = element("div", "lx-band"),
      film = element("div", "lx-film"),
      range = element("input", "lx-range"),
      number = element("span", "lx-caption");
    label.title = d.sentence;
    range.id = `lx-d-${d.name}`;
    label.htmlFor = range.id;
    Object.assign(range, { type: "range", min: -2, max: 2, step: 0.01, value: 0 });
    range.setAttribute("aria-label", `${d.name}: ${d.sentence}`);
    number.textContent = "0.00";
    const at = {
      amount: 0,
      vector: d.vector,
      film,
      reset: () => {
        at.amount = 0;
        range.value = "0";
        number.textContent = "0.00";
      },
    };
    range.addEventListener("input", () => {
      const step = Number(range.value) - at.amount;
      at.amount = Number(range.value);
      number.textContent = at.amount.toFixed(2);
      this.move(
        this.code.map((v, j) => v + step * d.vector[j]),
        "direction",
      );
    });
    range.addEventListener("change", () => this.settle());
    this.amounts.push(at);
    row.classList.add("lx-direction");
    row.append(label, band, number);
    band.append(film, range);
    return row;
  }

  // What each learnt direction does to the code in hand, over the range of its slider.
  async drawDirections(code) {
    for (const { amount, vector, film } of this.amounts) {
      const codes = Array.from({ length: STOPS }, (_, m) => {
        const t = (4 * m) / (STOPS - 1) - 2 - amount;
        return code.map((v, j) => v + t * vector[j]);
      });
      const reply = await this.ask("decode", { map: this.data.map }, codes.flat());
      this.draw.traversal(film, reply, 0, STOPS, this.data);
    }
  }

  async open() {
    try {
      const { row, code } = this.data,
        [kept] = await Promise.all([this.ask("kept"), this.map.open()]);
      this.shelf.take(kept.head);
      await this.select(row, code);
      if (this.walk.a || this.walk.b) this.walk.make();
    } catch (error) {
      if (!this.words.textContent) this.say(String(error.message || error), true);
    }
  }

  // -- moving -------------------------------------------------------------------------------------

  /**
   * @param {number[]} code
   * @param {string} source: what moved it
   */
  setCode(code, source) {
    this.code = Array.from(code);
    this.drawn = false;
    for (const j in this.rows) {
      const { range, number } = this.rows[j];
      if (document.activeElement !== range || source !== "slider")
        range.value = String(this.code[j]);
      if (document.activeElement !== number) number.value = this.code[j].toFixed(3);
    }
  }

  /**
   * @param {number[]} code
   * @param {string} source
   * @param {boolean} settled: the hand rests already
   */
  move(code, source, settled = false) {
    this.setCode(code, source);
    this.say(""); // what was said of the last place on the map
    this.decode(this.code);
    if (settled) this.settle();
  }

  // The hand has let go: remember the move, draw the filmstrips for the new place, tell the page.
  settle() {
    const last = this.history.at(-1);
    if (!last || last.some((v, j) => v !== this.code[j])) {
      this.history.push(this.code.slice());
      this.future = [];
      if (this.history.length > HISTORY) this.history.shift();
    }
    this.traversal(this.code);
    this.sheet.make();
    this.tellPage();
  }

  // What is in hand, for the address. Not while a press elsewhere may lead to another page: a word
  // that comes between makes Streamlit run this page again.
  tellPage(wait = 250) {
    clearTimeout(this.timer);
    this.telling = true;
    const end = (at) =>
      at &&
      (Number.isInteger(at.row)
        ? { row: at.row }
        : { code: at.code.map((v) => Number(v.toFixed(4))) });
    this.timer = setTimeout(() => {
      this.telling = false;
      if (!this.code || !this.root.isConnected) return;
      const { a, b, kind, t } = this.walk,
        code = this.row() === null ? this.code.map((v) => Number(v.toFixed(5))) : null;
      this.report("at", {
        row: this.selected,
        code,
        a: end(a),
        b: end(b),
        walk: kind.value,
        t: Number(t.value),
        camera: this.map.camera,
      });
    }, wait);
  }

  // What comes after a place on the map comes after its answer, which may be late.
  async back() {
    await this.drop.rest();
    if (this.history.length > 1) {
      this.future.push(this.history.pop());
      this.move(this.history.at(-1), "undo");
      this.traversal(this.code);
      this.tellPage();
    }
  }
  async forth() {
    await this.drop.rest();
    if (this.future.length) {
      const code = this.future.pop();
      this.history.push(code);
      this.move(code, "redo");
      this.traversal(this.code);
      this.tellPage();
    }
  }

  async random() {
    const { head } = await this.ask("random", { seed: ++this.seed });
    await this.drop.rest();
    this.move(head.code, "random", true);
    this.drawn = true;
    this.say(`Random code from ${head.source}; seed ${head.seed}.`);
  }

  /**
   * Start from a real item, or from a code near it.
   * @param {number} row
   * @param {number[]} [code]
   */
  async select(row, code) {
    if (!Number.isInteger(row) || row < 0 || row >= this.data.n) {
      this.say(`Rows go from 0 to ${this.data.n - 1}.`, true);
      return;
    }
    const reply = await this.ask("item", { map: this.data.map, i: row });
    await this.drop.rest();
    this.selected = row;
    this.start = reply.head.codes[0];
    for (const at of this.amounts) at.reset();
    this.part("row-number").value = row;
    this.part("real-name").textContent = reply.head.names[0];
    this.draw.real(this.part("real"), reply, 0, this.data, this);
    this.linkOriginal(row);
    this.map.spread(reply.head.spread || []);
    this.move(code && code.length === this.start.length ? code : this.start, "select", true);
  }

  // The real picture as it was uploaded, in a tab of its own.
  linkOriginal(row) {
    const link = /** @type {HTMLAnchorElement} */ (this.part("original"));
    link.hidden = !this.data.originals;
    if (link.hidden) return;
    const url = this.wire.url("original");
    url.searchParams.set("i", String(row));
    link.href = url.href;
    link.setAttribute("aria-label", `row ${row} at full size, in a new tab`);
  }

  // What the code in hand is, in words: a real row, a moved one, or a draw.
  origin() {
    return this.row() !== null
      ? `row ${this.selected}`
      : this.drawn
        ? `random code ${this.seed}`
        : `moved from row ${this.selected}`;
  }
  row() {
    return same(this.code, this.start) ? this.selected : null;
  }

  key(event) {
    const typing = event.target.matches(
        "input[type=number], input[type=text], input[type=search], select, textarea",
      ),
      control = event.ctrlKey || event.metaKey,
      key = event.key.toLowerCase();
    if (control && key === "z" && !typing) {
      event.preventDefault();
      event.shiftKey ? this.forth() : this.back();
    }
    // Streamlit's own R would rerun
    else if (key === "r" && !typing && !control) {
      event.stopPropagation();
      this.random();
    } else if (key === "escape") this.map.rest();
    // nor may a letter typed here be one of Streamlit's shortcuts
    if (typing) event.stopPropagation();
  }

  // -- drawing ------------------------------------------------------------------------------------

  /** @param {Reply} reply: one decoded code and where it lies */
  show(reply) {
    const { head } = reply,
      { dataset } = this.root;
    this.draw.made(this.item, reply, 0, this.data, this);
    // what is on display, for tests and for the curious
    dataset.code = JSON.stringify(head.code);
    dataset.frames = String(Number(dataset.frames || 0) + 1);
    this.map.show(head.place);
    this.meter.style.setProperty("--at", `${Math.min(head.percentile, 100)}%`);
    this.meter.setAttribute("aria-valuenow", head.percentile);
    const { code, words } = head.typicality;
    if (code !== this.typicality) {
      this.typicality = code;
      this.trust.className = `lx-trust lx-${code}`;
      this.trust.textContent = words;
    }
    // the real neighbours follow when the hand slows down: their pictures must not hold up the
    // decoded one
    if (String(head.near) !== String(this.nearRows)) {
      this.nearRows = head.near;
      clearTimeout(this.nearing);
      this.nearing = setTimeout(() => this.fetchNear(this.nearRows), 120);
    }
  }

  drawTraversals(reply) {
    const { order, stops } = reply.head;
    order.forEach((j, m) => {
      if (this.rows[j]) this.draw.traversal(this.rows[j].traversal, reply, m * stops, stops, this.data);
    });
  }

  say(words, bad = false) {
    this.words.textContent = words || "";
    this.words.classList.toggle("lx-bad", bad);
  }
}
