// The same items through every model: the one under the pointer large, pictures that are chosen
// small beneath it.

import { canvasIn, element } from "../shared/dom.js";
import { latest } from "../shared/latest.js";
import { painter } from "../shared/painters.js";

export const SMALL = 11;

export class Through {
  /** @type {HTMLElement} */ box;
  /** @type {string} */ kind;
  /** @type {any} */ draw;
  /** @type {number[]} */ chosen;
  /** @type {HTMLElement} */ words;
  /** @type {HTMLElement} */ grid;
  /** @type {(row: number) => void} */ load;
  /** @type {Ask} */ real;
  /** @type {{ name: string, ask: Ask }[]} */ models;
  /** @type {number | null} */ row;

  constructor(box, kind) {
    Object.assign(this, { box, kind, draw: painter(kind), chosen: [] });
    box.classList.add(`lx-${kind === "text" ? "text-kind" : kind}`);
    this.words = element("div", "lx-caption");
    this.grid = element("div", "bs-through");
    box.replaceChildren(this.words, this.grid);
    this.load = latest((row) => this.fetch(row));
  }

  // asks: [{ name, ask }] one a model; `real` asks for the items themselves.
  through(real, models) {
    Object.assign(this, { real, models, row: null });
    this.grid.replaceChildren();
  }

  choose(rows) {
    this.chosen = this.kind === "image" ? rows.slice(0, SMALL) : [];
    if (this.row !== null && this.models) this.load(this.row);
  }

  show(row) {
    if (row === this.row) return;
    this.row = row;
    this.load(row);
  }

  async fetch(row) {
    const i = [row, ...this.chosen.filter((r) => r !== row)].join(","),
      { models, real } = this;
    const [first, ...rest] = await Promise.all([
      real("item", { i }),
      ...models.map(({ ask }) => ask("through", { i })),
    ]);
    if (models !== this.models) return;
    this.words.textContent = first.head.names[0];
    const held = {};
    this.figure(0, "real", first, "real", held);
    rest.forEach((reply, m) => this.figure(m + 1, models[m].name, reply, "made", held));
  }

  figure(at, name, reply, how, held) {
    /** @type {any} */
    const made = this.grid.children[at] || this.grid.appendChild(element("figure", ""));
    if (!made.one) {
      made.one = element("div", "bs-one");
      made.many = element("div", "bs-many");
      made.append(element("figcaption", ""), made.one, made.many);
    }
    made.querySelector("figcaption").textContent = name === "real" ? "real" : `through ${name}`;
    this.draw[how](made.one, reply, 0, { kind: this.kind }, held);
    if (this.kind === "array" && how === "real") {
      canvasIn(made.one);
      this.draw.small(made.one, reply, 0);
    }
    const count = reply.head.rows.length - 1;
    if (this.kind !== "image") return;
    while (made.many.children.length > count) made.many.lastChild.remove();
    for (let m = 0; m < count; m++)
      this.draw.small(
        made.many.children[m] || made.many.appendChild(element("div", "")),
        reply,
        m + 1,
      );
  }
}
