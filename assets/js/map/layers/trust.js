// Where the map lies: trust as colour or fade, true distance to the point under the pointer, true
// neighbours of a clicked one.

import { classes, levels, rgbOf } from "../../shared/colours.js";
import { button, element } from "../../shared/dom.js";
import { icon } from "../../shared/icons.js";
import { latest } from "../../shared/latest.js";
import { curve, pixels } from "../card.js";

const KEPT = "#0072B2",
  TORN = "#E69F00",
  FALSE = "#CC79A7",
  BOTH = "#D55E00",
  PLAIN = "#9AA5AB";
// what a person may colour by: title, colours from 0 to 1 (or one a class), words of the ends
const TRUTHS = {
  kept: {
    title: "Neighbours kept",
    ramp: [TORN, "#C9CDCF", KEPT],
    ends: ["none", "all"],
    of: (k) =>
      `Share of a point's ${k} true nearest neighbours that are among its ${k} nearest here`,
  },
  false: {
    title: "Near only by accident",
    ramp: ["#C9CDCF", FALSE, "#7A2A5C"],
    ends: ["right", "as by chance"],
    of: (k) => `How far from alike a point's ${k} nearest here are (1 less its trustworthiness)`,
  },
  torn: {
    title: "True neighbours far away",
    ramp: ["#C9CDCF", TORN, "#7A3E00"],
    ends: ["right", "as by chance"],
    of: (k) => `How far away its ${k} true nearest neighbours are here (1 less its continuity)`,
  },
  way: {
    title: "Kind of error",
    classes: [
      ["right", PLAIN],
      ["near only by accident", FALSE],
      ["true neighbours far away", TORN],
      ["both", BOTH],
    ],
    of: (k) => `Points whose trustworthiness or continuity by ${k} neighbours is below 90 %`,
  },
};
// ColorBrewer's YlGnBu, from far to near on light
const NEARNESS = [
  "#E6EBC4",
  "#C7E9B4",
  "#7FCDBB",
  "#41B6C4",
  "#1D91C0",
  "#225EA8",
  "#253494",
  "#081D58",
];
const NEARNESS_DARK = [
  "#26355F",
  "#253494",
  "#225EA8",
  "#1D91C0",
  "#41B6C4",
  "#7FCDBB",
  "#C7E9B4",
  "#FFFFD9",
];
// links drawn, items listed, milliseconds true distances stay when the pointer has left a point
const LINKS = 30,
  LISTED = 12,
  STAYS = 700;

export class TrustLayer {
  /** @type {import("../atlas.js").Atlas} */ atlas;
  /** @type {string} */ what;
  /** @type {number} */ k;
  /** @type {boolean} */ fades;
  /** @type {boolean} */ live;
  /** @type {{ row: number, map: string } | null} */ near;
  /** @type {number | null} */ row;
  /** @type {any} */ found;
  /** @type {(at: { row: number, whole?: boolean }) => void} */ follow;
  /** @type {HTMLElement} */ legend;
  /** @type {HTMLElement} */ list;
  /** @type {HTMLElement} */ box;
  /** @type {HTMLButtonElement} */ toggle;
  /** @type {HTMLButtonElement} */ opener;
  /** @type {HTMLSelectElement} */ counts;
  /** @type {(event: PointerEvent) => void} */ shut;
  /** @type {string} */ offered;
  /** @type {number} */ turn;
  /** @type {number} */ again;
  /** @type {number} */ leaving;
  /** @type {number} */ resting;
  /** @type {any} */ trust;
  /** @type {boolean} */ painting;
  /** @type {string} */ seen;

  /**
   * @param {import("../atlas.js").Atlas} atlas
   */
  constructor(atlas) {
    Object.assign(this, {
      atlas,
      what: "",
      k: 10,
      fades: false,
      live: false,
      near: null,
      row: null,
      found: null,
    });
    this.follow = latest((at) => this.distances(at));
    this.legend = element("div", "at-truth-legend");
    this.legend.hidden = true;
    atlas.stage.append(this.legend);
    this.list = element("div", "at-truth-list");
    this.list.hidden = true;
    atlas.root.append(this.list);
    this.controls();
  }

  // -- controls -----------------------------------------------------------------------------------

  controls() {
    const { bar } = this.atlas,
      box = (this.box = element("div", "at-truth-box"));
    this.toggle = button(
      "at-truth-live",
      "True distance",
      "True distance on hover (T): colours every point by how near it truly is, in all dimensions of the code, to the one under the pointer",
      () => this.setLive(!this.live),
    );
    this.opener = button(
      "at-truth-open",
      "Trust",
      "Show where the map can be trusted, and where not",
      () => this.open(box.hidden),
    );
    this.opener.setAttribute("aria-haspopup", "true");
    const colours = element("fieldset", "at-truth-what"),
      name = `at-truth-${Math.random().toString(36).slice(2)}`;
    colours.append(element("legend", "", "Colour by"));
    for (const [what, title] of [
      ["", "the column"],
      ...Object.entries(TRUTHS).map(([key, { title }]) => [key, title.toLowerCase()]),
    ]) {
      const label = element("label", ""),
        input = Object.assign(element("input", ""), {
          type: "radio",
          name,
          value: what,
          checked: what === "",
        });
      input.addEventListener("change", () => this.choose(what));
      label.append(input, document.createTextNode(title));
      colours.append(label);
    }
    const fade = element("label", ""),
      tick = Object.assign(element("input", ""), { type: "checkbox" });
    tick.addEventListener("change", () => {
      this.fades = tick.checked;
      this.measure();
    });
    fade.append(tick, document.createTextNode("fade where neighbours are lost"));
    const count = element("label", ""),
      select = (this.counts = element("select", ""));
    this.offer([10, 30, 100]);
    select.addEventListener("change", () => {
      this.k = Number(select.value);
      this.measure();
      if (this.row !== null) this.ask(this.row);
    });
    count.append(document.createTextNode("neighbours "), select);
    box.append(colours, fade, count);
    box.hidden = true;
    box.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") {
        this.open(false);
        this.opener.focus();
      }
    });
    this.shut = (event) => {
      if (!box.hidden && !(/** @type {Element} */ (event.target).closest(".at-bar")))
        this.open(false);
    };
    this.atlas.root.addEventListener("pointerdown", this.shut);
    bar.append(this.toggle, this.opener, box);
    this.setLive(false);
    this.open(false);
  }

  open(yes) {
    this.box.hidden = !yes;
    this.opener.setAttribute("aria-expanded", String(yes));
  }

  offer(ks) {
    if (ks.join() === this.offered) return;
    this.offered = ks.join();
    if (!ks.includes(this.k)) this.k = ks[0];
    this.counts.replaceChildren(
      ...ks.map((k) =>
        Object.assign(element("option", "", String(k)), { value: k, selected: k === this.k }),
      ),
    );
  }

  choose(what) {
    this.what = what;
    this.measure();
  }

  setLive(yes) {
    this.live = yes;
    this.toggle.setAttribute("aria-pressed", String(yes));
    if (!yes) this.settle();
    else if (this.row !== null) this.follow({ row: this.row });
  }

  // -- trust of every point -----------------------------------------------------------------------

  async measure() {
    const turn = (this.turn = (this.turn || 0) + 1),
      { atlas } = this,
      { map } = atlas.data;
    clearTimeout(this.again);
    if (!this.what && !this.fades) {
      this.trust = null;
      this.clear();
      this.settle();
      return;
    }
    const asked = this.what || "kept",
      reply = await atlas.ask("trust", { map, what: asked, k: this.k });
    if (turn !== this.turn || map !== atlas.data.map) return;
    const { head } = reply;
    if (!head.ready) {
      this.trust = null;
      this.words(`Measuring every point against all others: ${Math.round(100 * head.fraction)} %`);
      this.again = setTimeout(() => this.measure(), 600);
      return;
    }
    this.offer(head.ks);
    this.trust = { head, values: bytes(reply) };
    if (this.fades) {
      const kept =
        asked === "kept"
          ? this.trust.values
          : bytes(await atlas.ask("trust", { map, what: "kept", k: this.k }));
      if (turn !== this.turn) return;
      atlas.fade(
        Uint8Array.from(kept, (v) => 30 + 0.9 * v),
        this,
      );
    } else this.clear();
    this.settle();
  }

  clear() {
    if (this.atlas.fading.has(this)) this.atlas.fade(null, this);
  }

  // The colours and the legend that belong to what is switched on.
  settle() {
    const { atlas, trust, what } = this,
      truth = TRUTHS[what];
    clearTimeout(this.leaving);
    clearTimeout(this.resting);
    this.near = null;
    this.place(trust && truth);
    if (!trust) {
      this.legend.hidden = true;
      if (this.painting) {
        this.painting = false;
        atlas.paint(null);
      }
      return;
    }
    if (truth) {
      this.painting = true;
      atlas.paint(
        trust.values,
        truth.classes ? classes(truth.classes.map(([, colour]) => colour)) : levels(truth.ramp),
      );
    } else if (this.painting) {
      this.painting = false;
      atlas.paint(null);
    }
    this.explain(trust.head, truth);
  }

  // The legend stands where that of the column stood while it takes its place, and out of its way
  // while it does not.
  place(instead) {
    this.atlas.legendBox.hidden = !!instead;
    this.legend.classList.toggle("at-truth-instead", !!instead);
  }

  explain(head, truth) {
    const shown = truth || TRUTHS.kept,
      parts = [element("b", "", truth ? shown.title : "Faded: neighbours lost")];
    if (shown.classes)
      for (const [i, [name, colour]] of shown.classes.entries())
        parts.push(key(colour, `${name}: ${count(head.counts[i])}`));
    else if (truth) parts.push(bar(shown.ramp, shown.ends));
    parts.push(
      element(
        "span",
        "at-truth-note",
        `${shown.of(head.k)}${shown === TRUTHS.kept ? `; ${Math.round(100 * head.mean)} % on average` : ""}.`,
      ),
    );
    if (head.measured < head.of)
      parts.push(
        element(
          "span",
          "at-truth-note",
          `Measured on ${count(head.measured)} of ${count(head.of)} points, chosen at random; the others have the colour of the measured point nearest here.`,
        ),
      );
    this.legend.replaceChildren(...parts);
    this.legend.hidden = false;
  }

  words(text) {
    this.place(false);
    this.legend.replaceChildren(element("span", "at-truth-note", text));
    this.legend.hidden = false;
  }

  // -- true distance to one point -----------------------------------------------------------------

  hover(at) {
    if (!this.live) return;
    clearTimeout(this.leaving);
    if (at) this.follow({ row: at.row });
    else
      this.leaving = setTimeout(() => {
        if (this.row !== null) this.follow({ row: this.row });
        else this.settle();
      }, STAYS);
  }

  async distances({ row, whole = false }) {
    const { atlas } = this,
      { map } = atlas.data,
      start = performance.now();
    if (!this.live || (this.near?.row === row && this.near.map === map && !whole)) return;
    const reply = await atlas.ask("near", whole ? { map, row } : { map, row, quick: 1 }),
      { m, n } = reply.head;
    if (!this.live || map !== atlas.data.map || n !== atlas.n) return;
    let values = bytes(reply);
    if (m < n) {
      values = new Uint8Array(n).fill(255);
      values.set(bytes(reply));
    }
    const colours = bright(atlas.root) ? NEARNESS : NEARNESS_DARK;
    this.near = { row, map };
    this.painting = true;
    atlas.paint(values, levels(colours, 130));
    this.place(true);
    this.legend.replaceChildren(
      element("b", "", "True distance"),
      bar(colours, []),
      ticks(n),
      element(
        "span",
        "at-truth-note",
        `How many points are truly nearer (in ${reply.head.of}, all dimensions at once) to ${this.row !== row ? "the one under the pointer" : "the one you clicked"} than each is.${m < n ? ` The first ${count(m)} points; rest the pointer for all.` : ""}`,
      ),
    );
    this.legend.hidden = false;
    atlas.root.dataset.near = String(row);
    atlas.root.dataset.neartook = String(Math.round(performance.now() - start));
    clearTimeout(this.resting);
    if (m < n) this.resting = setTimeout(() => this.follow({ row, whole: true }), 160);
  }

  // -- true neighbours of one point ---------------------------------------------------------------

  click(at) {
    if (at) this.ask(at.row);
    else this.forget();
  }

  forget() {
    this.row = this.found = null;
    this.list.hidden = true;
    delete this.atlas.root.dataset.friends;
    this.atlas.invalidate();
    if (this.near) this.settle();
  }

  async ask(row) {
    const { atlas } = this,
      { map } = atlas.data,
      k = Math.min(this.k, LINKS);
    this.row = row;
    const { head } = await atlas.ask("friends", { map, row, k });
    if (this.row !== row || map !== atlas.data.map) return;
    head.false = head.map.filter((friend) => friend.other > head.k);
    head.lost = head.true.filter((friend) => friend.other > head.k).length;
    this.found = { ...head, place: atlas.placeOf(row) };
    atlas.root.dataset.friends = `${row}:${head.true.length - head.lost}:${head.lost}:${head.false.length}`;
    atlas.invalidate();
    await this.show(head, map);
  }

  async show(head, map) {
    const { atlas } = this,
      rows = [...head.true.slice(0, LISTED), ...head.false.slice(0, LISTED)],
      pictured = ["image", "array"].includes(atlas.data.kind);
    const reply =
      pictured && rows.length
        ? await atlas.ask("item", { map, i: rows.map((friend) => friend.row).join(",") })
        : null;
    if (this.row !== head.row) return;
    const made = (friends, from, torn) =>
      friends
        .slice(0, LISTED)
        .map((friend, i) => this.item(friend, head.k, reply && thumb(reply, from + i), torn));
    const line = (title, note, friends) => {
      const box = element("div", "at-truth-row");
      box.append(element("b", "", title), element("span", "at-truth-note", note), ...friends);
      return box;
    };
    const kept = head.true.length - head.lost,
      close = button("at-truth-close", "", "Close the neighbours", () => this.forget());
    close.append(icon("close"));
    const parts = [
      line(
        `True nearest of ${head.name}`,
        `${kept} of ${head.true.length} are also among its ${head.k} nearest here${head.lost ? `; ${head.lost} far away (dashed)` : ""}. Numbers: its rank on this map.`,
        made(head.true, 0, true),
      ),
    ];
    if (head.false.length)
      parts.push(
        line(
          "Near here only by accident",
          `${head.false.length} near here, but not among its ${head.k} nearest in truth. Numbers: its true rank.`,
          made(head.false, Math.min(LISTED, head.true.length), false),
        ),
      );
    this.list.replaceChildren(close, ...parts);
    this.list.hidden = false;
  }

  item({ row, other, name }, k, picture, mine) {
    const wrong = other > k,
      made = button(
        `at-truth-item ${wrong ? (mine ? "at-truth-torn" : "at-truth-false") : "at-truth-kept"}`,
        "",
        `${name}: ${mine ? (wrong ? `only the ${nth(other)} nearest on the map` : `the ${nth(other)} nearest on the map too`) : `only the ${nth(other)} nearest in truth`}`,
        () => {
          this.ask(row);
          this.atlas.report("picked", row);
        },
      );
    if (picture) made.append(picture);
    else made.append(element("span", "at-truth-name", name));
    made.append(element("span", "at-truth-rank", `${wrong ? "" : "✓ "}${nth(other)}`));
    return made;
  }

  draw(context, atlas) {
    const { found } = this;
    if (!found) return;
    const at = (i) => atlas.pointAt(i),
      here = at(found.place),
      ground = getComputedStyle(atlas.root).getPropertyValue("--ground");
    const link = ({ place }, colour, dashes, width) => {
      const there = at(place);
      context.beginPath();
      context.moveTo(...here);
      context.lineTo(...there);
      context.setLineDash([]);
      context.lineWidth = width + 2;
      context.strokeStyle = ground;
      context.globalAlpha = 0.6;
      context.stroke();
      context.setLineDash(dashes);
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.globalAlpha = 1;
      context.stroke();
      context.setLineDash([]);
      context.beginPath();
      context.arc(...there, 5, 0, 7);
      context.stroke();
    };
    for (const friend of found.false) link(friend, FALSE, [1, 4], 1.5);
    for (const friend of found.true)
      if (friend.other > found.k) link(friend, TORN, [7, 5], 2);
      else link(friend, KEPT, [], 2);
    context.beginPath();
    context.arc(...here, 7, 0, 7);
    context.lineWidth = 3;
    context.strokeStyle = atlas.accent;
    context.stroke();
  }

  // -- the rest of the map ------------------------------------------------------------------------

  scene() {
    const { map } = this.atlas.data,
      row = this.row;
    if (map === this.seen) {
      if (this.painting && this.trust) this.settle();
      return;
    }
    this.seen = map;
    this.found = null;
    this.trust = null;
    this.near = null;
    this.painting = false;
    this.legend.hidden = true;
    this.place(false);
    this.measure();
    if (row !== null && row < this.atlas.n) this.ask(row);
    else this.list.hidden = true;
  }

  key(event) {
    if (event.key === "t") {
      this.setLive(!this.live);
      event.preventDefault();
    }
  }

  close() {
    clearTimeout(this.again);
    clearTimeout(this.leaving);
    clearTimeout(this.resting);
    this.turn = -1;
    this.atlas.root.removeEventListener("pointerdown", this.shut);
    for (const made of [this.legend, this.list, this.box, this.toggle, this.opener]) made.remove();
  }
}

function bytes({ buffer, start }) {
  return new Uint8Array(buffer, start);
}
function count(v) {
  return v.toLocaleString("en-US");
}
function nth(v) {
  const end = v % 100 > 10 && v % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][v % 10] || "th";
  return `${count(v)}${end}`;
}

function bright(of) {
  const [r, g, b] = rgbOf(getComputedStyle(of).getPropertyValue("--ground").trim(), "#fff");
  return 0.3 * r + 0.6 * g + 0.1 * b > 128;
}

function key(colour, name) {
  const entry = element("span", "at-key"),
    dot = element("i", "at-dot");
  dot.style.background = colour;
  entry.append(dot, document.createTextNode(name));
  return entry;
}

function bar(colours, ends) {
  const box = element("span", "at-truth-bar"),
    strip = element("i", "at-truth-ramp"),
    words = element("span", "at-ends");
  strip.style.background = `linear-gradient(90deg, ${colours.join(",")})`;
  words.append(...ends.map((text) => element("span", "", text)));
  box.append(strip, words);
  return box;
}

// Tenfold ranks along a bar from the farthest (left) to the nearest.
function ticks(n) {
  const box = element("span", "at-truth-ticks");
  for (let rank = 1; rank < n - 1; rank *= 10) {
    const at = 1 - Math.log(rank) / Math.log(n - 1),
      tick = element(
        "span",
        "",
        rank === 1 ? "nearest" : rank >= 1000 ? `${rank / 1000}k` : String(rank),
      );
    // "farthest" stands there, and "nearest" at the other end
    if (at < 0.25) break;
    if (rank > 1 && at > 0.78) continue;
    tick.style.left = `${100 * at}%`;
    box.append(tick);
  }
  const far = element("span", "", "farthest");
  far.style.left = "0";
  box.append(far);
  return box;
}

function thumb({ head, buffer, start }, m) {
  if (head.shape.length === 4) {
    const size = head.shape[1] * head.shape[2] * head.shape[3];
    return pixels(head.shape, new Uint8Array(buffer, start + m * size, size));
  }
  return curve(new Float32Array(buffer, start + 4 * m * head.shape[1], head.shape[1]));
}
