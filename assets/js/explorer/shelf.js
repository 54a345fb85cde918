// What is found, chosen and kept: search, the selection all pages share, named groups, bookmarked places.

import { button, element } from "../shared/dom.js";
import { latest } from "../shared/latest.js";
import { POINTS } from "./plotly_map.js";

export const shelfPart = {
  buildShelf(on, part) {
    this.found = part("found"); this.marks = part("bookmarks"); this.chosenBar = part("chosen");
    const query = part("query");
    on(query, "input", () => { clearTimeout(this.typing); this.typing = setTimeout(() => this.search(query.value), 250); });
    on(query, "keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); this.choose({ by: "query", q: query.value, how: event.shiftKey ? "add" : event.altKey ? "remove" : "replace" }); }
      if (event.key === "Escape") { query.value = ""; this.search(""); }
    });
    on(part("keep"), "click", () => this.keep({ op: "bookmark", name: this.origin(), row: this.selected }, this.code));
    on(part("shelf"), "toggle", () => this.showBookmarks());
  },

  // A thumbnail with what can be done with it: go there, or make it an end of the walk.
  card(reply, m, { code, name, row = null, go, extra = [] }) {
    const card = element("div", "lx-card"), picture = button("lx-nearest", "", name, go);
    this.draw.small(picture, reply, m, this.data);
    card.append(picture, ...["a", "b"].map((end) => button("lx-end", end.toUpperCase(), `${end.toUpperCase()} of the walk: ${name}`, () => this.setEnd(end, code, name, row))), ...extra);
    return card;
  },

  itemCards(reply, rows) {
    return rows.map((row, m) => this.card(reply, m, { code: reply.head.codes[m], name: `row ${row}`, row, go: () => this.select(row) }));
  },

  // -- search -----------------------------------------------------------------------------------------------------------

  async search(words) {
    this.query = words;
    this.seeking ||= latest(async (words) => {
      if (!words.trim()) { this.found.hidden = true; this.found.replaceChildren(); return; }
      const { head } = await this.ask("search", { q: words });
      const line = element("div", "lx-caption", head.count ? `${head.count.toLocaleString("en")} of ${this.data.n.toLocaleString("en")} rows` : "No row fits. Try a word, a row number, or a condition such as column>3.");
      const cards = element("div", "lx-near");
      if (head.count) {
        const all = button("lx-all", "Choose them all", "Choose all these rows (Enter)", () => this.choose({ by: "query", q: words, how: "replace" }));
        line.append(" ", all);
        cards.append(...this.itemCards(await this.ask("item", { map: this.data.map, i: head.rows.slice(0, 12).join(",") }), head.rows.slice(0, 12)));
      }
      this.found.replaceChildren(line, cards); this.found.hidden = false;
    });
    this.seeking(words);
  },

  // -- the selection ------------------------------------------------------------------------------------------------------

  async choose(query, region = []) {
    this.takeKept(await this.wire.tell("choose", { map: this.data.map, ...query }, region));
    this.say(this.chosen.size ? `${this.chosen.size.toLocaleString("en")} chosen. Shift adds, Alt removes.` : "Nothing is chosen.");
    this.report("kept", (this.changes = (this.changes || 0) + 1));
  },

  async keep(query, body = []) {
    this.takeKept(await this.wire.tell("keep", query, body));
    this.report("kept", (this.changes = (this.changes || 0) + 1));
  },

  takeKept({ head, buffer, start }) {
    this.kept = head; this.chosen = new Set(new Int32Array(buffer, start));
    if (this.ids) window.Plotly.restyle(this.plot, { "marker.opacity": this.three ? this.opacity : [this.opacities()] }, [POINTS]);
    this.showChosen(); this.showBookmarks();
  },

  showChosen() {
    const { groups } = this.kept, bar = this.chosenBar, count = this.chosen.size;
    bar.replaceChildren();
    if (count) {
      const name = element("input", "lx-name"); Object.assign(name, { type: "text", placeholder: "name", maxLength: 40 }); name.setAttribute("aria-label", "name of the group");
      bar.append(element("strong", "", `${count.toLocaleString("en")} chosen`), name,
        button("", "Keep as a group", "Keep the chosen rows under this name, for directions between groups", () => this.keep({ op: "group", name: name.value })),
        button("", "Clear", "Choose nothing", () => this.choose({ by: "none" })));
    }
    for (const [group, size] of Object.entries(groups)) {
      const chip = element("span", "lx-chip");
      chip.append(button("", `${group} (${size})`, `Choose the rows of ${group}`, () => this.choose({ by: "group", group })), button("lx-drop", "×", `Forget ${group}`, () => this.keep({ op: "drop-group", group })));
      bar.append(chip);
    }
    bar.hidden = !bar.childElementCount;
  },

  // -- kept places --------------------------------------------------------------------------------------------------------

  async showBookmarks() {
    const { bookmarks } = this.kept, box = this.root.querySelector(".lx-shelf");
    box.hidden = bookmarks.length === 0;
    this.root.querySelector(".lx-shelf-name").textContent = `Kept places (${bookmarks.length})`;
    if (!bookmarks.length || !box.open) return;
    const reply = await this.ask("decode", { map: this.data.map }, bookmarks.flatMap((b) => b.code));
    this.marks.replaceChildren(...bookmarks.map(({ name, row, code }, at) => {
      const label = element("input", "lx-name"); Object.assign(label, { type: "text", value: name, maxLength: 60 }); label.setAttribute("aria-label", "name of the kept place");
      label.addEventListener("change", () => this.keep({ op: "rename", at, name: label.value }));
      return this.card(reply, at, { code, name, go: () => this.select(row, code), extra: [button("lx-drop", "×", `Forget ${name}`, () => this.keep({ op: "forget", at })), label] });
    }));
  },
};
