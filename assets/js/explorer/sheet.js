// Contact sheets: two dimensions across their ranges, or the space between four corners.

import { button, element, save, short } from "../shared/dom.js";
import { latest } from "../shared/latest.js";

const GRID = 7,
  CORNERS = ["nw", "ne", "sw", "se"];

export class ContactSheet {
  /**
   * @param {import("./explorer.js").Explorer} explorer
   * @param {any} [corners]: of the one it takes the place of
   */
  constructor(explorer, corners) {
    const { data } = explorer,
      part = (name) => explorer.part(name);
    this.explorer = explorer;
    this.corners = corners || {};
    this.grid = part("sheet");
    this.dimX = part("grid-x");
    this.dimY = part("grid-y");
    this.kind = part("sheet-kind");
    for (const [box, at] of [
      [this.dimX, 0],
      [this.dimY, 1],
    ]) {
      box.replaceChildren(
        ...data.dimensions.map((d) => {
          const option = element("option", "", d.name);
          option.value = d.j;
          return option;
        }),
      );
      box.selectedIndex = Math.min(at, data.dimensions.length - 1);
      explorer.on(box, "change", () => this.make());
    }
    for (const corner of CORNERS)
      explorer.on(part(`corner-${corner}`), "click", () => {
        this.corners[corner] = { code: explorer.code.slice(), name: explorer.origin() };
        this.make();
      });
    explorer.on(this.kind, "change", () => this.make());
    explorer.on(part("grid-box"), "toggle", () => this.make());
    explorer.on(part("save-grid"), "click", () => saveCanvases(this.grid, GRID, "grid.png"));
    part("save-grid").hidden = data.kind !== "image";
    this.fetch = latest((cells) =>
      explorer
        .ask(
          "decode",
          { map: data.map },
          cells.flatMap((cell) => cell.code),
        )
        .then((reply) => this.show(cells, reply)),
    );
  }

  show(cells, reply) {
    const { explorer } = this;
    this.grid.replaceChildren(
      ...cells.map(({ code, name }, m) => {
        const cell = button("lx-step", "", name, () => explorer.move(code, "grid", true));
        explorer.draw.small(cell, reply, m, explorer.data);
        return cell;
      }),
    );
  }

  async make() {
    const { explorer } = this;
    if (!explorer.part("grid-box").open || !explorer.code) return;
    const between = this.kind.value === "corners";
    explorer.part("sheet-dims").hidden = between;
    explorer.part("sheet-corners").hidden = !between;
    // one may have been set by hand before the others came
    if (between && CORNERS.some((corner) => !this.corners[corner])) {
      await this.firstCorners();
      if (this.kind.value !== "corners") return;
    }
    const cells = between ? this.cornerCells() : this.dimensionCells();
    this.fetch(cells);
  }

  dimensionCells() {
    const [x, y] = [this.dimX, this.dimY].map((box) =>
      this.explorer.data.dimensions.find((d) => d.j === Number(box.value)),
    );
    const at = (d, i) => d.low + ((d.high - d.low) * i) / (GRID - 1);
    return squares((row, column) => {
      const code = this.explorer.code.slice();
      code[y.j] = at(y, GRID - 1 - row);
      code[x.j] = at(x, column);
      return { code, name: `${x.name} ${short(code[x.j])}, ${y.name} ${short(code[y.j])}` };
    });
  }

  // Four real items to begin with, a quarter of the rows apart.
  async firstCorners() {
    const rows = CORNERS.map((_, i) => Math.floor((i * (this.explorer.data.n - 1)) / 3)),
      reply = await this.explorer.ask("item", { map: this.explorer.data.map, i: rows.join(",") });
    CORNERS.forEach((corner, i) => {
      this.corners[corner] ||= { code: reply.head.codes[i], name: `row ${rows[i]}` };
    });
  }

  cornerCells() {
    const { nw, ne, sw, se } = this.corners;
    for (const corner of CORNERS)
      this.explorer.part(`corner-${corner}`).title =
        `This corner: ${this.corners[corner].name}. Click to put this code here.`;
    return squares((row, column) => {
      const u = column / (GRID - 1),
        v = row / (GRID - 1);
      const code = nw.code.map(
        (_, j) =>
          (1 - v) * ((1 - u) * nw.code[j] + u * ne.code[j]) +
          v * ((1 - u) * sw.code[j] + u * se.code[j]),
      );
      return { code, name: `${Math.round(100 * u)} % across, ${Math.round(100 * v)} % down` };
    });
  }
}

function squares(cell) {
  return Array.from({ length: GRID * GRID }, (_, m) => cell(Math.floor(m / GRID), m % GRID));
}

/**
 * The canvases in a box as one picture, enlarged so that pixels are seen.
 * @param {Element} box
 * @param {number} columns
 * @param {string} name: of the file
 */
export function saveCanvases(box, columns, name) {
  const cells = [...box.querySelectorAll("canvas")];
  if (!cells.length) return;
  const { width, height } = cells[0],
    scale = Math.max(1, Math.round(96 / height)),
    sheet = document.createElement("canvas");
  sheet.width = columns * width * scale;
  sheet.height = Math.ceil(cells.length / columns) * height * scale;
  const context = sheet.getContext("2d");
  context.imageSmoothingEnabled = false;
  cells.forEach((cell, m) =>
    context.drawImage(
      cell,
      (m % columns) * width * scale,
      Math.floor(m / columns) * height * scale,
      width * scale,
      height * scale,
    ),
  );
  sheet.toBlob((blob) => save(blob, name), "image/png");
}
