// What is found, chosen and kept: search, the selection all pages share, named groups, bookmarked
// places.

import { button, element } from "../shared/dom.js";
import { latest } from "../shared/latest.js";

export class Shelf {
  /**
   * @param {import("./explorer.js").Explorer} explorer
   * @param {string} query: what is searched for at first
   */
  constructor(explorer, query) {
    const part = (name) => explorer.part(name),
      words = part("query");
    this.explorer = explorer;
    this.found = part("found");
    this.marks = part("bookmarks");
    this.bar = part("chosen");
    this.query = "";
    this.count = 0;
    this.changes = 0;
    /** @type {any} */
    this.kept = null;
    this.seek = latest((words) => this.show(words));
    explorer.on(words, "input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.search(words.value), 250);
    });
    explorer.on(words, "keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this.choose({
          by: "query",
          q: words.value,
          how: event.shiftKey ? "add" : event.altKey ? "remove" : "replace",
        });
      }
      if (event.key === "Escape") {
        words.value = "";
        this.search("");
      }
    });
    explorer.on(part("keep"), "click", () =>
      this.keep({ op: "bookmark", name: explorer.origin(), row: explorer.selected }, explorer.code),
    );
    explorer.on(part("shelf"), "toggle", () => this.showBookmarks());
    if (query) this.search((words.value = query));
  }

  // A thumbnail with what can be done with it: go there, or make it an end of the walk.
  card(reply, m, { code, name, row = null, go, extra = [] }) {
    const card = element("div", "lx-card"),
      picture = button("lx-nearest", "", name, go);
    this.explorer.draw.small(picture, reply, m, this.explorer.data);
    card.append(
      picture,
      ...["a", "b"].map((end) =>
        button("lx-end", end.toUpperCase(), `${end.toUpperCase()} of the walk: ${name}`, () =>
          this.explorer.walk.setEnd(end, code, name, row),
        ),
      ),
      ...extra,
    );
    return card;
  }

  itemCards(reply, rows) {
    return rows.map((row, m) =>
      this.card(reply, m, {
        code: reply.head.codes[m],
        name: `row ${row}`,
        row,
        go: () => this.explorer.select(row),
      }),
    );
  }

  // -- search -------------------------------------------------------------------------------------

  search(words) {
    this.query = words;
    this.seek(words);
  }

  async show(words) {
    if (!words.trim()) {
      this.found.hidden = true;
      this.found.replaceChildren();
      return;
    }
    const { head } = await this.explorer.ask("search", { q: words });
    const line = element(
      "div",
      "lx-caption",
      head.count
        ? `${head.count.toLocaleString("en")} of ${this.explorer.data.n.toLocaleString("en")} rows`
        : "No row fits. Try a word, a row number, or a condition such as column>3.",
    );
    const cards = element("div", "lx-near");
    if (head.count) {
      const all = button("lx-all", "Choose them all", "Choose all these rows (Enter)", () =>
        this.choose({ by: "query", q: words, how: "replace" }),
      );
      line.append(" ", all);
      cards.append(
        ...this.itemCards(
          await this.explorer.ask("item", {
            map: this.explorer.data.map,
            i: head.rows.slice(0, 12).join(","),
          }),
          head.rows.slice(0, 12),
        ),
      );
    }
    this.found.replaceChildren(line, cards);
    this.found.hidden = false;
  }

  // -- the selection ------------------------------------------------------------------------------

  // Change what is chosen; the map asks, and tells what came of it.
  choose(query) {
    return this.explorer.map.change({ how: "replace", ...query });
  }

  chose(count) {
    this.count = count;
    this.showChosen();
    this.explorer.say(
      count
        ? `${count.toLocaleString("en")} chosen. Shift adds, Alt removes.`
        : "Nothing is chosen.",
    );
    this.told();
  }

  told() {
    this.explorer.report("kept", (this.changes += 1));
  }

  async keep(query, body = []) {
    this.take((await this.explorer.wire.tell("keep", query, body)).head);
    this.told();
  }

  /** @param {any} kept: groups, kept places and how many rows are chosen */
  take(kept) {
    this.kept = kept;
    this.count = kept.chosen;
    this.showChosen();
    this.showBookmarks();
  }

  showChosen() {
    const { bar, count } = this,
      groups = this.kept?.groups || {};
    bar.replaceChildren();
    if (count) {
      const name = element("input", "lx-name");
      Object.assign(name, { type: "text", placeholder: "name", maxLength: 40 });
      name.setAttribute("aria-label", "name of the group");
      bar.append(
        element("strong", "", `${count.toLocaleString("en")} chosen`),
        name,
        button(
          "",
          "Keep as a group",
          "Keep the chosen rows under this name, for directions between groups",
          () => this.keep({ op: "group", name: name.value }),
        ),
        button("", "Clear", "Choose nothing", () => this.choose({ by: "none" })),
      );
    }
    for (const [group, size] of Object.entries(groups)) {
      const chip = element("span", "lx-chip");
      chip.append(
        button("", `${group} (${size})`, `Choose the rows of ${group}`, () =>
          this.choose({ by: "group", group }),
        ),
        button("lx-drop", "×", `Forget ${group}`, () => this.keep({ op: "drop-group", group })),
      );
      bar.append(chip);
    }
    bar.hidden = !bar.childElementCount;
  }

  // -- kept places --------------------------------------------------------------------------------

  async showBookmarks() {
    const bookmarks = this.kept?.bookmarks || [],
      box = this.explorer.part("shelf");
    box.hidden = bookmarks.length === 0;
    this.explorer.part("shelf-name").textContent = `Kept places (${bookmarks.length})`;
    if (!bookmarks.length || !box.open) return;
    const reply = await this.explorer.ask(
      "decode",
      { map: this.explorer.data.map },
      bookmarks.flatMap((b) => b.code),
    );
    this.marks.replaceChildren(
      ...bookmarks.map(({ name, row, code }, at) => {
        const label = element("input", "lx-name");
        Object.assign(label, { type: "text", value: name, maxLength: 60 });
        label.setAttribute("aria-label", "name of the kept place");
        label.addEventListener("change", () => this.keep({ op: "rename", at, name: label.value }));
        return this.card(reply, at, {
          code,
          name,
          go: () => this.explorer.select(row, code),
          extra: [
            button("lx-drop", "×", `Forget ${name}`, () => this.keep({ op: "forget", at })),
            label,
          ],
        });
      }),
    );
  }
}
