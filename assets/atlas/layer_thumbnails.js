// Pictures on the map: the plane is cut into cells that halve as one comes closer; each cell with points shows the one of them that is drawn
// first, so that moving changes nothing and coming closer only adds.

const CELL = 40, KEPT = 6000, A_TIME = 400;      // least pixels of a cell; small pictures held; asked for in one go

class Thumbnails {
  constructor(atlas) {
    this.atlas = atlas; this.held = new Map(); this.on = false;
    this.fetch = latest((rows) => this.load(rows));
    if (atlas.data.kind !== "image") return;
    this.toggle = button("at-thumbs", "▦", "Thumbnails: in every part of the map one of its pictures, at the middle of that part", () => this.set(!this.on));
    this.toggle.setAttribute("aria-label", "thumbnails"); this.toggle.setAttribute("aria-pressed", "false");
    atlas.bar.append(this.toggle);
  }

  set(on) { this.on = on; this.toggle.setAttribute("aria-pressed", String(on)); this.atlas.invalidate(); }

  async load(rows) {
    const { head, buffer, start } = await this.atlas.ask("small", {}, rows), [n, h, w, c] = head.shape, size = h * w * c;
    for (let i = 0; i < n; i++) this.held.set(rows[i], pixels([1, h, w, c], new Uint8Array(buffer, start + i * size, size)));
    for (const row of this.held.keys()) { if (this.held.size <= KEPT) break; this.held.delete(row); }
    this.atlas.invalidate();
  }

  // The drawn places of the points that stand for the cells in view: [place, cell x, cell y].
  cells() {
    const { atlas } = this, { camera, positions, look, loaded } = atlas, cell = CELL / camera.k, unit = 2 ** Math.ceil(Math.log2(cell)), [left, bottom, right, top] = camera.rect();
    const x0 = Math.floor(left / unit), y0 = Math.floor(bottom / unit), w = Math.floor(right / unit) - x0 + 1, h = Math.floor(top / unit) - y0 + 1;
    const first = new Int32Array(w * h).fill(-1);
    let open = w * h;
    for (let i = 0; i < loaded && open; i++) {
      const x = Math.floor(positions[2 * i] / unit) - x0, y = Math.floor(positions[2 * i + 1] / unit) - y0;
      if (x < 0 || y < 0 || x >= w || y >= h || first[y * w + x] >= 0 || look[4 * i + 2] & 2) continue;
      first[y * w + x] = i; open--;
    }
    const found = [];
    first.forEach((i, at) => { if (i >= 0) found.push([i, (at % w + x0 + 0.5) * unit, (Math.floor(at / w) + y0 + 0.5) * unit]); });
    return { found, size: unit * camera.k };
  }

  draw(context, atlas) {
    if (!this.on || !atlas.loaded) return;
    const { found, size } = this.cells(), side = size * 0.9, colours = atlas.colours, missing = [];
    context.lineWidth = 2;
    for (const [i, ux, uy] of found) {
      const row = atlas.rowOf(i), picture = this.held.get(row), [x, y] = atlas.camera.toScreen(ux, uy);
      if (!picture) { missing.push(row); continue; }
      const scale = side / Math.max(picture.width, picture.height), w = picture.width * scale, h = picture.height * scale, shade = atlas.look[4 * i];
      context.globalAlpha = atlas.selected && !bit(atlas.bits, i) ? 0.2 : 1;
      context.imageSmoothingEnabled = scale < 1;
      context.drawImage(picture, x - w / 2, y - h / 2, w, h);
      context.strokeStyle = `rgb(${colours[4 * shade]},${colours[4 * shade + 1]},${colours[4 * shade + 2]})`;
      context.strokeRect(x - w / 2, y - h / 2, w, h);
    }
    if (missing.length) this.fetch(missing.slice(0, A_TIME));
  }
}
LAYERS.unshift(Thumbnails);     // below the names
