// The walk from A to B: its ends, its steps, the place on it, and files of it.

import { along } from "../map/layers/walk.js";
import { button, save } from "../shared/dom.js";
import { saveCanvases } from "./sheet.js";

export class Walk {
  /** @param {import("./explorer.js").Explorer} explorer */
  constructor(explorer) {
    const { data } = explorer,
      part = (name) => explorer.part(name);
    this.explorer = explorer;
    /** Its ends: a code, what it is called, and its row where it is an item's. @type {any} */
    this.a = data.a;
    /** @type {any} */
    this.b = data.b;
    /** The server's answer: codes, places and how typical they are. @type {any} */
    this.path = null;
    this.strip = part("strip");
    this.t = part("t");
    this.kind = part("kind");
    if (data.walk) {
      this.kind.value = data.walk;
      this.t.value = data.t;
    }
    explorer.on(part("set-a"), "click", () => this.setEnd("a"));
    explorer.on(part("set-b"), "click", () => this.setEnd("b"));
    explorer.on(this.kind, "change", () => this.make());
    explorer.on(this.t, "input", () => this.step(Number(this.t.value)));
    explorer.on(this.t, "change", () => explorer.settle());
    for (const [end, t] of [
      ["to-a", 0],
      ["to-b", 1],
    ])
      explorer.on(part(end), "click", () => {
        this.t.value = t;
        this.step(Number(t));
        explorer.settle();
      });
    explorer.on(part("save-codes"), "click", () => this.saveCodes());
    explorer.on(part("save-strip"), "click", () =>
      saveCanvases(this.strip, this.path.steps, "walk.png"),
    );
    for (const format of ["gif", "webp"])
      explorer.on(part(`save-${format}`), "click", () => this.saveFilm(format));
    for (const name of ["save-strip", "save-gif", "save-webp"])
      part(name).hidden = data.kind !== "image";
  }

  /**
   * @param {string} end: a or b
   * @param {number[]} code
   * @param {string} name
   * @param {number | null} row
   */
  setEnd(end, code = this.explorer.code, name = this.explorer.origin(), row = this.explorer.row()) {
    if (!code) return; // the first answer is on its way
    this[end] = { code: Array.from(code), name, row };
    this.t.value = end === "a" ? 0 : 1;
    this.make();
    this.explorer.tellPage();
  }

  async make() {
    const { explorer } = this;
    for (const end of ["a", "b"])
      explorer.part(`end-${end}`).textContent = this[end] ? this[end].name : "";
    explorer.part("t-value").textContent = Number(this.t.value).toFixed(2);
    if (!this.a || !this.b) {
      this.strip.textContent = this.a || this.b ? "Now go to the other end and set it." : "";
      return;
    }
    const reply = await explorer.ask(
      "path",
      { map: explorer.data.map, kind: this.kind.value, steps: 9 },
      [...this.a.code, ...this.b.code],
    );
    const path = (this.path = reply.head);
    explorer.part("walk").hidden = false;
    explorer.map.walk(path.places, path);
    this.strip.replaceChildren(
      ...Array.from({ length: path.steps }, (_, m) => {
        const t = m / (path.steps - 1),
          step = button("lx-step", "", `t = ${t.toFixed(2)}`, () => {
            this.t.value = t;
            this.step(t);
            explorer.settle();
          });
        explorer.draw.small(step, reply, m, explorer.data);
        if (path.typicality[m].code === "far") step.classList.add("lx-far");
        return step;
      }),
    );
  }

  // Go to a moment of the walk; a little beyond its ends too.
  step(t) {
    if (!this.path) return;
    this.explorer.part("t-value").textContent = t.toFixed(2);
    this.explorer.move(along(this.path.codes, this.path.t, t), "walk");
  }

  saveCodes() {
    const { t, codes } = this.path,
      lines = [["t", ...codes[0].map((_, j) => `z${j + 1}`)], ...t.map((v, m) => [v, ...codes[m]])];
    save(
      new Blob([lines.map((line) => line.join(",")).join("\n") + "\n"], { type: "text/csv" }),
      "walk.csv",
    );
  }

  async saveFilm(format) {
    const response = await this.explorer.wire.fetch(
      "animation",
      { map: this.explorer.data.map, kind: this.kind.value, format },
      [...this.a.code, ...this.b.code],
    );
    save(await response.blob(), `walk.${format}`);
  }
}
