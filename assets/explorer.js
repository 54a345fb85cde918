// The live explorer: a map, sliders and the decoded item, kept in step while the hand moves.
// One request is in flight at a time and the newest code wins, so what is drawn is never far behind the pointer.

const SYMBOLS_3D = ["circle", "diamond", "square", "cross", "x", "circle-open", "diamond-open", "square-open"];
const SYMBOLS = ["circle", "diamond", "square", "triangle-up", "cross", "x", "star", "pentagon"];
const HISTORY = 200, GRID = 7;

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".lx");
  if (!root || !data) return;
  // Streamlit calls again on every rerun; the explorer is built anew only when it is another run, map or colouring.
  const identity = JSON.stringify([data.token, data.map, data.colour, data.dims, data.visit, data.directions]);
  if (root.lx && root.lx.identity === identity) { root.lx.report = setStateValue; return () => {}; }
  if (root.lx) root.lx.close();
  root.lx = new Explorer(root, data, identity, setStateValue);
  return () => {};
}

class Explorer {
  constructor(root, data, identity, report) {
    Object.assign(this, { root, data, identity, report, code: null, start: null, place: null, history: [], future: [], seed: -1, a: null, b: null, walk: null });
    root.className = `lx lx-${data.kind === "text" ? "text-kind" : data.kind}`;
    this.listeners = new AbortController();
    this.base = new URL("live/", document.baseURI);
    this.decode = latest((code) => this.post("decode", code).then((reply) => this.show(reply)));
    this.drop = latest((place) => this.post("place", place).then((reply) => { this.setCode(reply.head.code, "map"); this.show(reply); this.say(this.data.how); }));
    this.film = latest((code) => this.post("film", code, { count: this.data.dimensions.filter((d) => d.first).length }).then((reply) => this.drawFilm(reply)));
    this.draw = painter(data.kind);
    this.build();
    this.open();
  }

  close() { this.listeners.abort(); if (this.plot && window.Plotly) window.Plotly.purge(this.plot); }

  // -- requests ---------------------------------------------------------------------------------------------------------

  url(route, query = {}) {
    const url = new URL(route, this.base);
    url.search = new URLSearchParams({ t: this.data.token, map: this.data.map, ...query });
    return url;
  }

  async reply(response) {
    if (!response.ok) { const words = await response.text(); this.say(words || `The server answered ${response.status}.`, true); throw new Error(words); }
    const buffer = await response.arrayBuffer();
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    return { head, buffer, start: 4 + length };
  }

  post(route, values, query) {
    return fetch(this.url(route, query), { method: "POST", body: Float32Array.from(values), credentials: "same-origin" }).then((r) => this.reply(r));
  }

  get(route, query) { return fetch(this.url(route, query), { credentials: "same-origin" }).then((r) => this.reply(r)); }

  // -- the page ---------------------------------------------------------------------------------------------------------

  build() {
    const { data } = this, part = (name) => this.root.querySelector(`.lx-${name}`);
    this.plot = part("plot"); this.handle = part("handle"); this.item = part("item"); this.near = part("near"); this.words = part("say");
    this.meter = part("meter"); this.trust = part("trust"); this.strip = part("strip"); this.sliders = part("sliders"); this.more = part("more-sliders");
    this.realBox = part("real"); this.itemName = part("item-name"); this.realName = part("real-name");
    this.sliders.replaceChildren(); this.more.replaceChildren(); this.rows = {};
    for (const d of this.data.dimensions) (d.first ? this.sliders : this.more).append(this.row(d));
    part("directions").replaceChildren(...data.directions.map((d) => this.directionRow(d)));
    const folded = this.data.dimensions.filter((d) => !d.first).length;
    part("more").hidden = folded === 0;
    part("more-name").textContent = `${folded} more dimensions` + (this.data.dead ? `, ${this.data.dead} of them do next to nothing` : "");
    const on = (target, kind, act) => target.addEventListener(kind, act, { signal: this.listeners.signal });
    on(part("undo"), "click", () => this.back()); on(part("redo"), "click", () => this.forth());
    on(part("reset"), "click", () => this.move(this.start, "reset", true));
    on(part("random"), "click", () => this.random());
    on(part("set-a"), "click", () => this.setEnd("a")); on(part("set-b"), "click", () => this.setEnd("b"));
    on(part("kind"), "change", () => this.makeWalk());
    this.t = part("t"); on(this.t, "input", () => this.step(Number(this.t.value))); on(this.t, "change", () => this.settle());
    this.grid = part("sheet"); this.dimX = part("grid-x"); this.dimY = part("grid-y");
    for (const [box, at] of [[this.dimX, 0], [this.dimY, 1]]) {
      box.replaceChildren(...data.dimensions.map((d) => { const option = element("option", ""); option.value = d.j; option.textContent = d.name; return option; }));
      box.selectedIndex = Math.min(at, data.dimensions.length - 1);
      on(box, "change", () => this.makeGrid());
    }
    on(part("grid-box"), "toggle", () => this.makeGrid());
    on(part("save-grid"), "click", () => this.saveCanvases(this.grid, GRID, "grid.png"));
    part("save-grid").hidden = data.kind !== "image";
    on(part("save-codes"), "click", () => this.saveCodes()); on(part("save-strip"), "click", () => this.saveStrip());
    for (const format of ["gif", "webp"]) on(part(`save-${format}`), "click", () => this.saveFilm(format));
    for (const name of ["save-strip", "save-gif", "save-webp"]) part(name).hidden = data.kind !== "image";
    on(part("row-number"), "change", (event) => this.select(Number(event.target.value)));
    on(this.root, "keydown", (event) => this.key(event));
    this.grab(on);
  }

  // One dimension: its name, what it does across its range, its slider over that, and its exact number.
  row(d) {
    const row = element("div", "lx-row"), label = element("label", "lx-label"), band = element("div", "lx-band"), film = element("div", "lx-film");
    const range = element("input", "lx-range"), number = element("input", "lx-number");
    label.textContent = d.name; label.title = d.help; range.id = `lx-${this.data.token.slice(0, 6)}-${d.j}`; label.htmlFor = range.id;
    Object.assign(range, { type: "range", min: d.low, max: d.high, step: (d.high - d.low) / 400 });
    range.setAttribute("aria-label", `${d.name}: ${d.help}`);
    Object.assign(number, { type: "number", step: "any", title: "Type an exact value" }); number.setAttribute("aria-label", `${d.name}, exact value`);
    const change = (value, source) => { if (Number.isFinite(value)) { const code = this.code.slice(); code[d.j] = value; this.move(code, source); } };
    range.addEventListener("input", () => change(Number(range.value), "slider"));
    range.addEventListener("change", () => this.settle());
    number.addEventListener("change", () => { change(Number(number.value), "number"); this.settle(); });
    range.addEventListener("dblclick", () => { change(this.start[d.j], "reset"); this.settle(); });
    row.append(label, band, number); band.append(film, range);
    this.rows[d.j] = { range, number, film };
    return row;
  }

  // A learnt direction: its slider adds an amount of it to whatever code is in hand, and starts from 0 again with every new item.
  directionRow(d) {
    const row = element("div", "lx-row"), label = element("label", "lx-label"), band = element("div", "lx-band"), range = element("input", "lx-range"), number = element("span", "lx-caption");
    label.textContent = d.name; label.title = d.sentence; range.id = `lx-d-${d.name}`; label.htmlFor = range.id;
    Object.assign(range, { type: "range", min: -2, max: 2, step: 0.01, value: 0 });
    range.setAttribute("aria-label", `${d.name}: ${d.sentence}`); number.textContent = "0.00";
    const at = { amount: 0, reset: () => { at.amount = 0; range.value = 0; number.textContent = "0.00"; } };
    range.addEventListener("input", () => {
      const step = Number(range.value) - at.amount; at.amount = Number(range.value); number.textContent = at.amount.toFixed(2);
      this.move(this.code.map((v, j) => v + step * d.vector[j]), "direction");
    });
    range.addEventListener("change", () => this.settle());
    (this.amounts ||= []).push(at);
    row.classList.add("lx-direction"); row.append(label, band, number); band.append(range);
    return row;
  }

  async open() {
    try {
      const [scene] = await Promise.all([this.get("scene", this.data.colour ? { colour: this.data.colour } : {}), plotly(this.base)]);
      this.drawMap(scene);
      await this.select(this.data.row, this.data.code);
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
    this.film(this.code); this.makeGrid();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.report("at", { row: this.selected, code: this.code.map((v) => Number(v.toFixed(5))) }), 250);
  }

  back() { if (this.history.length > 1) { this.future.push(this.history.pop()); this.move(this.history[this.history.length - 1], "undo"); this.film(this.code); } }
  forth() { if (this.future.length) { const code = this.future.pop(); this.history.push(code); this.move(code, "redo"); this.film(this.code); } }

  async random() {
    const reply = await this.get("random", { seed: ++this.seed });
    this.move(reply.head.code, "random", true);
    this.drawn = true;
    this.say(`Random code from the model's prior, seed ${reply.head.seed}.`);
  }

  async select(row, code) {
    if (!Number.isInteger(row) || row < 0 || row >= this.data.n) { this.say(`Rows go from 0 to ${this.data.n - 1}.`, true); return; }
    const reply = await this.get("item", { i: row });
    this.selected = row; this.start = reply.head.codes[0];
    for (const at of this.amounts || []) at.reset();
    this.root.querySelector(".lx-row-number").value = row;
    this.realName.textContent = reply.head.names[0];
    this.draw.real(this.realBox, reply, 0, this.data, this);
    this.trace(2, reply.head.spread || []);
    this.move(code && code.length === this.start.length ? code : this.start, "select", true);
  }

  key(event) {
    const typing = event.target.matches("input[type=number], select, textarea");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") { event.preventDefault(); event.shiftKey ? this.forth() : this.back(); }
    else if (event.key.toLowerCase() === "r" && !typing && !event.ctrlKey && !event.metaKey) { event.stopPropagation(); this.random(); }   // Streamlit's own R would rerun
  }

  // -- drawing ----------------------------------------------------------------------------------------------------------

  show(reply) {
    const { head } = reply;
    this.draw.made(this.item, reply, 0, this.data, this);
    this.root.dataset.code = JSON.stringify(head.code);          // what is on display, for tests and for the curious
    this.root.dataset.frames = Number(this.root.dataset.frames || 0) + 1;
    this.place = head.place;
    this.three ? this.trace(3, [head.place]) : this.putHandle();
    this.meter.style.setProperty("--at", `${Math.min(head.percentile, 100)}%`);
    this.meter.setAttribute("aria-valuenow", head.percentile);
    const level = { usual: "usual", unusual: "unusual" }[head.support] || "unseen";
    this.trust.className = `lx-trust lx-${level}`;
    this.trust.textContent = { usual: "Usual: real items have codes like this", unusual: "Unusual: few real items have codes like this", unseen: "The model never saw anything near this code; it is guessing" }[level];
    // the real neighbours follow when the hand slows down: their pictures must not hold up the decoded one
    if (String(head.near) !== String(this.nearRows)) { this.nearRows = head.near; clearTimeout(this.nearing); this.nearing = setTimeout(() => this.showNear(this.nearRows), 120); }
  }

  showNear(rows) {
    this.fetchNear ||= latest((rows) => this.get("item", { i: rows.join(",") }).then((reply) => {
      this.near.replaceChildren(...rows.map((row, m) => {
        const button = element("button", "lx-nearest"); button.type = "button"; button.title = reply.head.names[m];
        this.draw.small(button, reply, m, this.data); button.addEventListener("click", () => this.select(row));
        button.setAttribute("aria-label", `real item, row ${row}`);
        return button;
      }));
    }));
    this.fetchNear(rows);
  }

  drawFilm(reply) {
    const { order, stops } = reply.head;
    order.forEach((j, m) => { if (this.rows[j]) this.draw.film(this.rows[j].film, reply, m * stops, stops, this.data); });
  }

  say(words, bad = false) { this.words.textContent = words || ""; this.words.classList.toggle("lx-bad", bad); }

  // -- the map ----------------------------------------------------------------------------------------------------------

  drawMap({ head, buffer, start }) {
    const { n, dims } = head, P = new Float32Array(buffer, start, n * dims), C = new Float32Array(buffer, start + 4 * n * dims, n), ids = new Int32Array(buffer, start + 4 * n * (dims + 1), n);
    const axis = (d) => Float32Array.from({ length: n }, (_, i) => P[i * dims + d]);
    this.three = dims === 3;
    const size = Math.min(9, Math.max(3, 260 / Math.sqrt(n))) * (this.three ? 0.6 : 1), chosen = new Set(this.data.selection);
    const marker = { size, opacity: n < 20000 ? 0.8 : 0.5, line: { width: 0 } };
    if (head.groups) { marker.color = Array.from(C, (c) => head.groups[c]?.color ?? "#8A8A8A"); marker.symbol = Array.from(C, (c) => (this.three ? SYMBOLS_3D : SYMBOLS)[head.groups[c]?.symbol ?? 0]); }
    else if (head.scale) Object.assign(marker, { color: C, colorscale: "Viridis", cmin: head.scale.low, cmax: head.scale.high });
    else marker.color = head.color;
    if (chosen.size && !this.three) marker.opacity = Array.from(ids, (i) => (chosen.has(i) ? 1 : 0.12));
    // One trace with a colour array: many traces make hover slow.
    const kind = this.three ? "scatter3d" : "scattergl", ink = accent(this.root), third = (values) => (this.three ? { z: values } : {});
    const points = { type: kind, mode: "markers", x: axis(0), y: axis(1), ...third(this.three && axis(2)), customdata: Array.from(ids), marker, hoverinfo: "none" };
    const line = { type: kind, mode: "lines", x: [], y: [], ...third([]), line: { color: ink, width: this.three ? 5 : 2.5 }, hoverinfo: "skip" };
    const spread = { type: kind, mode: "lines", x: [], y: [], ...third([]), line: { color: ink, width: this.three ? 3 : 1.5, dash: "dot" }, hoverinfo: "skip" };
    const probe = { type: kind, mode: "markers", x: [], y: [], ...third([]), marker: { size: 9, symbol: "circle-open", color: ink, line: { width: 3, color: ink } }, hoverinfo: "skip" };
    const bare = { visible: false, showgrid: false, zeroline: false };
    const quiet = { showticklabels: false, title: { text: "" }, showbackground: false, gridcolor: "rgba(128,128,128,.25)", zeroline: false, showspikes: false };
    const layout = { margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: this.three ? "orbit" : "pan", hovermode: "closest",
      ...(this.three ? { scene: { xaxis: quiet, yaxis: quiet, zaxis: quiet, aspectmode: "data" } } : { xaxis: bare, yaxis: { ...bare, scaleanchor: "x" } }), autosize: true };
    window.Plotly.newPlot(this.plot, [points, line, spread, ...(this.three ? [probe] : [])], layout, { responsive: true, scrollZoom: true, displaylogo: false, displayModeBar: false, doubleClick: "reset" });
    this.plot.on("plotly_click", ({ points: [point] }) => point && point.curveNumber === 0 && this.select(point.customdata));
    this.plot.on("plotly_hover", ({ points: [point] }) => point && point.curveNumber === 0 && this.hover(point.customdata));
    if (!this.three) for (const event of ["plotly_relayout", "plotly_relayouting", "plotly_afterplot"]) this.plot.on(event, () => this.putHandle());
    this.legend(head);
    this.root.dataset.drawn = n;
  }

  // Redraw one of the thin traces: the walk (1), the posterior's spread (2), the probe of a 3-D map (3).
  trace(index, places) {
    const update = { x: [places.map((p) => p[0])], y: [places.map((p) => p[1])] };
    if (this.three) update.z = [places.map((p) => p[2])];
    window.Plotly.restyle(this.plot, update, [index]);
  }

  hover(row) {
    this.hovered ||= latest((row) => this.get("item", { i: row }).then((reply) => { this.say(reply.head.names[0]); }));
    this.hovered(row);
  }

  legend(head) {
    const box = this.root.querySelector(".lx-legend"); box.replaceChildren();
    if (head.scale) { box.textContent = `${head.title}: ${short(head.scale.low)} (dark) to ${short(head.scale.high)} (light)`; return; }
    for (const group of head.groups || []) {
      const entry = element("span", "lx-key"), dot = element("i", `lx-dot lx-${SYMBOLS[group.symbol]}`);
      dot.style.background = group.color; entry.append(dot, document.createTextNode(group.name)); box.append(entry);
    }
  }

  axes() { const l = this.plot._fullLayout; return l && l.xaxis ? [l.xaxis, l.yaxis] : null; }

  putHandle() {
    const axes = this.axes();
    if (!axes || !this.place) return;
    const [x, y] = axes, left = x._offset + x.d2p(this.place[0]), top = y._offset + y.d2p(this.place[1]);
    this.handle.hidden = false;
    this.handle.style.transform = `translate(${left}px, ${top}px)`;
  }

  grab(on) {
    const to = (event) => {
      const axes = this.axes(); if (!axes) return;
      const box = this.plot.getBoundingClientRect(), [x, y] = axes;
      this.drop([x.p2d(event.clientX - box.left - x._offset), y.p2d(event.clientY - box.top - y._offset)]);
    };
    on(this.handle, "pointerdown", (event) => { event.preventDefault(); this.handle.focus(); this.handle.setPointerCapture(event.pointerId); this.handle.classList.add("lx-held"); });
    on(this.handle, "pointermove", (event) => { if (this.handle.hasPointerCapture(event.pointerId)) to(event); });
    on(this.handle, "pointerup", (event) => { this.handle.releasePointerCapture(event.pointerId); this.handle.classList.remove("lx-held"); setTimeout(() => this.settle(), 60); });
    on(this.handle, "keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key], axes = this.axes();
      if (!step || !axes || !this.place) return;
      event.preventDefault();
      const span = Math.abs(axes[0].range[1] - axes[0].range[0]) / (event.shiftKey ? 20 : 100);
      this.aim = [(this.aim || this.place)[0] + step[0] * span, (this.aim || this.place)[1] + step[1] * span];
      this.drop(this.aim); clearTimeout(this.aimed); this.aimed = setTimeout(() => { this.aim = null; this.settle(); }, 400);
    });
  }

  // -- walks ------------------------------------------------------------------------------------------------------------

  setEnd(end) {
    this[end] = { code: this.code.slice() };
    this.root.querySelector(`.lx-end-${end}`).textContent = this.origin();
    this.t.value = end === "a" ? 0 : 1;
    this.root.querySelector(".lx-t-value").textContent = Number(this.t.value).toFixed(2);
    this.makeWalk();
  }

  // What the code in hand is, in words: a real row, a moved one, or a draw from the prior.
  origin() {
    const still = this.code.every((v, j) => Math.abs(v - this.start[j]) < 1e-4);
    return still ? `row ${this.selected}` : this.drawn ? `random code ${this.seed}` : `moved from row ${this.selected}`;
  }

  async makeWalk() {
    if (!this.a || !this.b) { this.strip.textContent = this.a || this.b ? "Now move to the other end and set it." : ""; return; }
    const reply = await this.post("path", [...this.a.code, ...this.b.code], { kind: this.root.querySelector(".lx-kind").value, steps: 9 });
    this.walk = reply.head;
    this.root.querySelector(".lx-walk").hidden = false;
    this.trace(1, this.walk.places);
    this.strip.replaceChildren(...Array.from({ length: this.walk.steps }, (_, m) => {
      const t = m / (this.walk.steps - 1), button = element("button", "lx-step"); button.type = "button"; button.title = `t = ${t.toFixed(2)}`;
      this.draw.small(button, reply, m, this.data);
      if (this.walk.support[m].startsWith("far")) button.classList.add("lx-unseen");
      button.addEventListener("click", () => { this.t.value = t; this.step(t); this.settle(); });
      return button;
    }));
  }

  saveCodes() {
    const { t, codes } = this.walk, lines = [["t", ...codes[0].map((_, j) => `z${j + 1}`)], ...t.map((v, m) => [v, ...codes[m]])];
    save(new Blob([lines.map((line) => line.join(",")).join("\n") + "\n"], { type: "text/csv" }), "walk.csv");
  }

  async saveFilm(format) {
    const response = await fetch(this.url("animation", { kind: this.root.querySelector(".lx-kind").value, format }),
      { method: "POST", body: Float32Array.from([...this.a.code, ...this.b.code]), credentials: "same-origin" });
    response.ok ? save(await response.blob(), `walk.${format}`) : this.say(await response.text(), true);
  }

  saveStrip() { this.saveCanvases(this.strip, this.walk.steps, "walk.png"); }

  saveCanvases(box, columns, name) {
    const cells = [...box.querySelectorAll("canvas")]; if (!cells.length) return;
    const { width, height } = cells[0], scale = Math.max(1, Math.round(96 / height)), sheet = document.createElement("canvas");
    sheet.width = columns * width * scale; sheet.height = Math.ceil(cells.length / columns) * height * scale;
    const context = sheet.getContext("2d"); context.imageSmoothingEnabled = false;
    cells.forEach((cell, m) => context.drawImage(cell, (m % columns) * width * scale, Math.floor(m / columns) * height * scale, width * scale, height * scale));
    sheet.toBlob((blob) => save(blob, name), "image/png");
  }

  // -- the contact sheet: two dimensions across their ranges, the others as in hand ---------------------------------------

  makeGrid() {
    if (!this.root.querySelector(".lx-grid-box").open || !this.code) return;
    const [x, y] = [this.dimX, this.dimY].map((box) => this.data.dimensions.find((d) => d.j === Number(box.value)));
    const at = (d, i) => d.low + ((d.high - d.low) * i) / (GRID - 1), codes = [];
    for (let row = 0; row < GRID; row++) for (let column = 0; column < GRID; column++) { const code = this.code.slice(); code[y.j] = at(y, GRID - 1 - row); code[x.j] = at(x, column); codes.push(code); }
    this.sheetOf ||= latest((codes) => this.post("decode", codes.flat()).then((reply) => {
      this.grid.replaceChildren(...codes.map((code, m) => {
        const button = element("button", "lx-step"); button.type = "button"; button.title = `${this.dimX.selectedOptions[0].textContent} ${short(code[Number(this.dimX.value)])}, ${this.dimY.selectedOptions[0].textContent} ${short(code[Number(this.dimY.value)])}`;
        this.draw.small(button, reply, m, this.data); button.addEventListener("click", () => this.move(code, "grid", true)); return button;
      }));
    }));
    this.sheetOf(codes);
  }

  step(t) {
    if (!this.walk) return;
    const { t: grid, codes } = this.walk, at = (t - grid[0]) / (grid[1] - grid[0]), m = Math.min(Math.max(Math.floor(at), 0), codes.length - 2), w = at - m;
    this.root.querySelector(".lx-t-value").textContent = t.toFixed(2);
    this.move(codes[m].map((v, j) => v + w * (codes[m + 1][j] - v)), "walk");
  }
}

// -- how each kind of item is drawn ---------------------------------------------------------------------------------------
// made: the decoded item, large; real: a real item beside it; small: a thumbnail in a button; film: what a dimension does.

function painter(kind) { return { image: pictures, array: curves, table: records, text: texts }[kind]; }

const pictures = {
  made(box, reply, m) { picture(canvasIn(box), reply, m); },
  real(box, reply, m) { picture(canvasIn(box), reply, m); },
  small(box, reply, m) { picture(canvasIn(box), reply, m); },
  film(box, reply, from, stops) {
    const [, h, w] = reply.head.shape, canvas = canvasIn(box); canvas.width = w * stops; canvas.height = h;
    const context = canvas.getContext("2d");
    for (let s = 0; s < stops; s++) context.putImageData(pixels(reply, from + s), s * w, 0);
  },
};

function pixels({ head, buffer, start }, m) {
  const [, h, w, c] = head.shape, from = new Uint8Array(buffer, start + m * h * w * c, h * w * c), image = new ImageData(w, h), to = image.data;
  for (let i = 0, p = 0; i < h * w; i++) { for (let d = 0; d < 3; d++) to[4 * i + d] = c === 1 ? from[p] : from[p + d]; to[4 * i + 3] = 255; p += c; }
  return image;
}

function picture(canvas, reply, m) {
  const [, h, w] = reply.head.shape;
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  canvas.getContext("2d").putImageData(pixels(reply, m), 0, 0);
}

const curves = {
  made(box, reply, m, data, explorer) { curve(canvasIn(box), explorer.realCurve ? [explorer.realCurve, values(reply, m)] : [values(reply, m)]); },
  real(box, reply, m, data, explorer) { explorer.realCurve = values(reply, m); box.replaceChildren(); },
  small(box, reply, m) { curve(canvasIn(box, 72, 40), [values(reply, m)]); },
  film(box, reply, from, stops) {
    const canvas = canvasIn(box, 60 * stops, 36), context = canvas.getContext("2d"); context.clearRect(0, 0, canvas.width, canvas.height);
    for (let s = 0; s < stops; s++) trace(context, values(reply, from + s), 60 * s + 3, 3, 54, 30, colour(canvas), 1.2);
  },
};

function values({ head, buffer, start }, m) { const d = head.shape[1]; return new Float32Array(buffer.slice(start + 4 * m * d, start + 4 * (m + 1) * d)); }

function curve(canvas, rows) {
  const context = canvas.getContext("2d"); context.clearRect(0, 0, canvas.width, canvas.height);
  const low = Math.min(...rows.map((r) => Math.min(...r))), high = Math.max(...rows.map((r) => Math.max(...r)));
  rows.forEach((row, i) => trace(context, row, 4, 4, canvas.width - 8, canvas.height - 8, rows.length > 1 && i === 0 ? "rgba(128,128,128,.6)" : colour(canvas), 1.6, low, high));
}

function trace(context, row, x, y, w, h, stroke, width, low = Math.min(...row), high = Math.max(...row)) {
  const span = high - low || 1;
  context.strokeStyle = stroke; context.lineWidth = width; context.beginPath();
  row.forEach((v, i) => context.lineTo(x + (i / (row.length - 1)) * w, y + h - ((v - low) / span) * h));
  context.stroke();
}

const records = {
  made(box, reply, m) { record(box, reply, m, true); },
  real(box, reply, m) { record(box, reply, m, false); },
  small(box, reply, m) { box.classList.add("lx-text"); box.textContent = reply.head.names ? reply.head.names[m] : reply.head.records[m].slice(0, 4).map(([v]) => v).join(" · "); },
  film(box, reply, from, stops) {
    // What moves most from one end of the range to the other, in words.
    const first = reply.head.records[from], last = reply.head.records[from + stops - 1];
    const moved = first.map(([a, f], i) => { const [b, g] = last[i]; return { i, a, b, much: f !== null && g !== null ? Math.abs(f - g) : a !== b ? 0.6 : 0 }; }).sort((p, q) => q.much - p.much);
    ends(box, moved.filter((v) => v.much > 0.02).slice(0, 2).map((v) => [`${reply.head.columns[v.i]} ${v.a}`, v.b]));
  },
};

function record(box, reply, m, live) {
  const rows = reply.head.records[m];
  if (box.childElementCount !== rows.length) box.replaceChildren(...rows.map((_, i) => {
    const row = element("div", "lx-record"), name = element("span", "lx-column"), value = element("span", "lx-value"), bar = element("span", "lx-bar");
    name.textContent = reply.head.columns[i]; row.append(name, bar, value); return row;
  }));
  rows.forEach(([value, share], i) => {
    const row = box.children[i], shown = row.querySelector(".lx-value");
    const changed = live && shown.textContent && shown.textContent !== value;
    shown.textContent = value;
    row.querySelector(".lx-bar").style.setProperty("--at", share === null ? "0%" : `${share * 100}%`);
    row.querySelector(".lx-bar").classList.toggle("lx-none", share === null);
    if (changed) { row.classList.add("lx-changed"); clearTimeout(row.fade); row.fade = setTimeout(() => row.classList.remove("lx-changed"), 700); }
  });
}

const texts = {
  made(box, reply, m) {
    const words = reply.head.words[m], top = words.length ? words[0][1] : 1;
    box.classList.add("lx-cloud");
    box.replaceChildren(...words.map(([term, weight]) => {
      const word = element("span", "lx-word"); word.textContent = term; word.title = `weight ${short(weight)}`;
      word.style.fontSize = `${0.8 + 1.3 * Math.sqrt(Math.max(weight, 0) / (top || 1))}rem`; return word;
    }));
  },
  real(box, reply, m) { box.classList.add("lx-document"); box.textContent = reply.head.texts[m]; },
  small(box, reply, m) { box.classList.add("lx-text"); box.textContent = reply.head.names ? reply.head.names[m] : reply.head.words[m].slice(0, 5).map(([t]) => t).join(" "); },
  film(box, reply, from, stops) {
    const first = reply.head.words[from].map(([t]) => t), last = reply.head.words[from + stops - 1].map(([t]) => t);
    ends(box, [[first.filter((t) => !last.includes(t)).slice(0, 3).join(" "), last.filter((t) => !first.includes(t)).slice(0, 3).join(" ")]]);
  },
};

function ends(box, pairs) {
  const left = element("span", "lx-from"), right = element("span", "lx-to");
  left.textContent = pairs.map(([a]) => a).join(", "); right.textContent = pairs.map(([, b]) => b).join(", ");
  box.classList.add("lx-ends"); box.replaceChildren(left, right);
}

// -- small tools ----------------------------------------------------------------------------------------------------------

function element(tag, name) { const made = document.createElement(tag); made.className = name; return made; }

function canvasIn(box, width = 320, height = 150) {
  let canvas = box.querySelector("canvas");
  if (!canvas) { canvas = document.createElement("canvas"); canvas.width = width; canvas.height = height; box.replaceChildren(canvas); }
  return canvas;
}

function colour(of) { return accent(of); }
function accent(of) { return getComputedStyle(of).getPropertyValue("--st-primary-color").trim() || "#0F8B8D"; }
function short(v) { return Math.abs(v) >= 1000 || (v !== 0 && Math.abs(v) < 0.01) ? v.toExponential(1) : String(Number(v.toPrecision(3))); }

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob); link.download = name; link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// At most one call under way; of those that come meanwhile only the newest is kept.
function latest(send) {
  let busy = false, waiting = null;
  return async function go(value) {
    if (busy) { waiting = [value]; return; }
    busy = true;
    try { await send(value); } catch (error) { console.error(error); }
    busy = false;
    if (waiting) { const [next] = waiting; waiting = null; go(next); }
  };
}

let loading = null;
function plotly(base) {
  if (window.Plotly) return Promise.resolve();
  return (loading ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("plotly.js", base).href; script.onload = resolve;
    script.onerror = () => { loading = null; reject(new Error("The map's drawing library could not be loaded; reload the page.")); };
    document.head.append(script);
  }));
}
