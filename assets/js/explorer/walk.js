// Walks from A to B, and contact sheets.

import { button, element, save, short } from "../shared/dom.js";
import { latest } from "../shared/latest.js";

const GRID = 7, CORNERS = ["nw", "ne", "sw", "se"];

export const walkPart = {
  buildWalk(on, part) {
    this.strip = part("strip"); this.t = part("t"); this.kind = part("kind");
    on(part("set-a"), "click", () => this.setEnd("a")); on(part("set-b"), "click", () => this.setEnd("b"));
    on(this.kind, "change", () => this.makeWalk());
    on(this.t, "input", () => this.step(Number(this.t.value))); on(this.t, "change", () => this.settle());
    on(part("save-codes"), "click", () => this.saveCodes());
    on(part("save-strip"), "click", () => this.saveCanvases(this.strip, this.walk.steps, "walk.png"));
    for (const format of ["gif", "webp"]) on(part(`save-${format}`), "click", () => this.saveFilm(format));
    for (const name of ["save-strip", "save-gif", "save-webp", "save-grid"]) part(name).hidden = this.data.kind !== "image";
    this.buildSheet(on, part);
  },

  // -- the walk -----------------------------------------------------------------------------------------------------------

  setEnd(end, code = this.code, name = this.origin(), row = this.row()) {
    this[end] = { code: Array.from(code), name, row };
    this.t.value = end === "a" ? 0 : 1;
    this.makeWalk(); this.tellPage();
  },

  async makeWalk() {
    for (const end of ["a", "b"]) this.root.querySelector(`.lx-end-${end}`).textContent = this[end] ? this[end].name : "";
    this.root.querySelector(".lx-t-value").textContent = Number(this.t.value).toFixed(2);
    if (!this.a || !this.b) { this.strip.textContent = this.a || this.b ? "Now go to the other end and set it." : ""; return; }
    const reply = await this.ask("path", { map: this.data.map, kind: this.kind.value, steps: 9 }, [...this.a.code, ...this.b.code]);
    this.walk = reply.head;
    this.root.querySelector(".lx-walk").hidden = false;
    this.trace(1, this.walk.places);
    this.strip.replaceChildren(...Array.from({ length: this.walk.steps }, (_, m) => {
      const t = m / (this.walk.steps - 1), step = button("lx-step", "", `t = ${t.toFixed(2)}`, () => { this.t.value = t; this.step(t); this.settle(); });
      this.draw.small(step, reply, m, this.data);
      if (this.walk.typicality[m].code === "far") step.classList.add("lx-far");
      return step;
    }));
  },

  step(t) {
    if (!this.walk) return;
    const { t: grid, codes } = this.walk, at = (t - grid[0]) / (grid[1] - grid[0]), m = Math.min(Math.max(Math.floor(at), 0), codes.length - 2), w = at - m;
    this.root.querySelector(".lx-t-value").textContent = t.toFixed(2);
    this.move(codes[m].map((v, j) => v + w * (codes[m + 1][j] - v)), "walk");
  },

  saveCodes() {
    const { t, codes } = this.walk, lines = [["t", ...codes[0].map((_, j) => `z${j + 1}`)], ...t.map((v, m) => [v, ...codes[m]])];
    save(new Blob([lines.map((line) => line.join(",")).join("\n") + "\n"], { type: "text/csv" }), "walk.csv");
  },

  async saveFilm(format) {
    const response = await this.wire.fetch("animation", { map: this.data.map, kind: this.kind.value, format }, [...this.a.code, ...this.b.code]);
    save(await response.blob(), `walk.${format}`);
  },

  saveCanvases(box, columns, name) {
    const cells = [...box.querySelectorAll("canvas")]; if (!cells.length) return;
    const { width, height } = cells[0], scale = Math.max(1, Math.round(96 / height)), sheet = document.createElement("canvas");
    sheet.width = columns * width * scale; sheet.height = Math.ceil(cells.length / columns) * height * scale;
    const context = sheet.getContext("2d"); context.imageSmoothingEnabled = false;
    cells.forEach((cell, m) => context.drawImage(cell, (m % columns) * width * scale, Math.floor(m / columns) * height * scale, width * scale, height * scale));
    sheet.toBlob((blob) => save(blob, name), "image/png");
  },

  // -- contact sheets: two dimensions across their ranges, or the space between four corners -----------------------------------

  buildSheet(on, part) {
    this.grid = part("sheet"); this.dimX = part("grid-x"); this.dimY = part("grid-y"); this.sheetKind = part("sheet-kind"); this.corners ||= {};
    for (const [box, at] of [[this.dimX, 0], [this.dimY, 1]]) {
      box.replaceChildren(...this.data.dimensions.map((d) => { const option = element("option", "", d.name); option.value = d.j; return option; }));
      box.selectedIndex = Math.min(at, this.data.dimensions.length - 1);
      on(box, "change", () => this.makeGrid());
    }
    for (const corner of CORNERS) on(part(`corner-${corner}`), "click", () => { this.corners[corner] = { code: this.code.slice(), name: this.origin() }; this.makeGrid(); });
    on(this.sheetKind, "change", () => this.makeGrid());
    on(part("grid-box"), "toggle", () => this.makeGrid());
    on(part("save-grid"), "click", () => this.saveCanvases(this.grid, GRID, "grid.png"));
  },

  async makeGrid() {
    if (!this.root.querySelector(".lx-grid-box").open || !this.code) return;
    const between = this.sheetKind.value === "corners";
    this.root.querySelector(".lx-sheet-dims").hidden = between; this.root.querySelector(".lx-sheet-corners").hidden = !between;
    if (between && !this.corners.nw) await this.firstCorners();
    const cells = between ? this.cornerCells() : this.dimensionCells();
    this.sheetOf ||= latest((cells) => this.ask("decode", { map: this.data.map }, cells.flatMap((cell) => cell.code)).then((reply) => {
      this.grid.replaceChildren(...cells.map(({ code, name }, m) => {
        const cell = button("lx-step", "", name, () => this.move(code, "grid", true));
        this.draw.small(cell, reply, m, this.data); return cell;
      }));
    }));
    this.sheetOf(cells);
  },

  dimensionCells() {
    const [x, y] = [this.dimX, this.dimY].map((box) => this.data.dimensions.find((d) => d.j === Number(box.value)));
    const at = (d, i) => d.low + ((d.high - d.low) * i) / (GRID - 1);
    return squares((row, column) => {
      const code = this.code.slice(); code[y.j] = at(y, GRID - 1 - row); code[x.j] = at(x, column);
      return { code, name: `${x.name} ${short(code[x.j])}, ${y.name} ${short(code[y.j])}` };
    });
  },

  // Four real items to begin with, a quarter of the rows apart.
  async firstCorners() {
    const rows = CORNERS.map((_, i) => Math.floor((i * (this.data.n - 1)) / 3)), reply = await this.ask("item", { map: this.data.map, i: rows.join(",") });
    CORNERS.forEach((corner, i) => { this.corners[corner] ||= { code: reply.head.codes[i], name: `row ${rows[i]}` }; });
  },

  cornerCells() {
    const { nw, ne, sw, se } = this.corners;
    for (const corner of CORNERS) this.root.querySelector(`.lx-corner-${corner}`).title = `This corner: ${this.corners[corner].name}. Click to put what is in hand here.`;
    return squares((row, column) => {
      const u = column / (GRID - 1), v = row / (GRID - 1);
      const code = nw.code.map((_, j) => (1 - v) * ((1 - u) * nw.code[j] + u * ne.code[j]) + v * ((1 - u) * sw.code[j] + u * se.code[j]));
      return { code, name: `${Math.round(100 * u)} % across, ${Math.round(100 * v)} % down` };
    });
  },
};

function squares(cell) { return Array.from({ length: GRID * GRID }, (_, m) => cell(Math.floor(m / GRID), m % GRID)); }
