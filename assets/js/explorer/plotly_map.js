// The map: dots, ring, walk, ellipse, new samples; box and lasso; the camera.

import { accent, element } from "../shared/dom.js";
import { latest } from "../shared/latest.js";

const SYMBOLS_3D = ["circle", "diamond", "square", "cross", "x", "circle-open", "diamond-open", "square-open"];
const SYMBOLS = ["circle", "diamond", "square", "triangle-up", "cross", "x", "star", "pentagon"];
export const POINTS = 0, WALK = 1, SPREAD = 2, MADE = 3, PROBE = 4;      // traces

export const mapPart = {
  buildMap(on, part) {
    this.plot = part("plot"); this.handle = part("handle"); this.region = part("region");
    for (const tool of this.root.querySelectorAll(".lx-tool")) on(tool, "click", () => this.setTool(tool.dataset.tool));
    on(part("generated"), "change", () => this.drawGenerated());
    part("map-tools").classList.toggle("lx-three", this.data.dims === 3);
    this.setTool("move");
    this.grab(on); this.lasso(on);
  },

  drawMap({ head, buffer, start }) {
    const { n, dims } = head, P = new Float32Array(buffer, start, n * dims), C = new Float32Array(buffer, start + 4 * n * dims, n);
    this.ids = new Int32Array(buffer, start + 4 * n * (dims + 1), n);
    const axis = (d) => Float32Array.from({ length: n }, (_, i) => P[i * dims + d]);
    this.three = dims === 3;
    const size = Math.min(9, Math.max(3, 260 / Math.sqrt(n))) * (this.three ? 0.6 : 1);
    this.opacity = n < 20000 ? 0.8 : 0.5;
    const marker = { size, opacity: this.opacities(), line: { width: 0 } };
    marker.color = Array.from(C, (c) => head.colors[c]);
    if (head.groups) { const symbols = this.three ? SYMBOLS_3D : SYMBOLS, of = new Map(head.groups.map((g) => [g.index, symbols[g.symbol % symbols.length]])); marker.symbol = Array.from(C, (c) => of.get(c)); }
    // One trace with a colour array: many traces make hover slow.
    const kind = this.three ? "scatter3d" : "scattergl", ink = accent(this.root), third = (values) => (this.three ? { z: values } : {}), empty = { type: kind, x: [], y: [], ...third([]), hoverinfo: "skip" };
    const ring = (width, size) => ({ size, symbol: "circle-open", color: ink, line: { width, color: ink } });
    const traces = [];
    traces[POINTS] = { type: kind, mode: "markers", x: axis(0), y: axis(1), ...third(this.three && axis(2)), customdata: Array.from(this.ids), marker, hoverinfo: "none" };
    traces[WALK] = { ...empty, mode: "lines", line: { color: ink, width: this.three ? 5 : 2.5 } };
    traces[SPREAD] = { ...empty, mode: "lines", line: { color: ink, width: this.three ? 3 : 1.5, dash: "dot" } };
    traces[MADE] = { ...empty, mode: "markers", marker: ring(1.5, Math.max(7, size * 1.4)), hoverinfo: "none" };
    if (this.three) traces[PROBE] = { ...empty, mode: "markers", marker: ring(3, 9) };
    const bare = { visible: false, showgrid: false, zeroline: false };
    const quiet = { showticklabels: false, title: { text: "" }, showbackground: false, gridcolor: "rgba(128,128,128,.25)", zeroline: false, showspikes: false };
    const layout = { margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: this.three ? "orbit" : "pan", hovermode: "closest",
      ...(this.three ? { scene: { xaxis: quiet, yaxis: quiet, zaxis: quiet, aspectmode: "data" } } : { xaxis: bare, yaxis: { ...bare, scaleanchor: "x" } }), autosize: true };
    this.handle.hidden = this.three;
    this.aimCamera(layout);
    window.Plotly.newPlot(this.plot, traces, layout, { responsive: true, scrollZoom: true, displaylogo: false, displayModeBar: false, doubleClick: "reset" });
    this.plot.on("plotly_click", ({ points: [point] }) => point && (point.curveNumber === POINTS ? this.select(point.customdata) : point.curveNumber === MADE && this.visitMade(point.pointNumber)));
    this.plot.on("plotly_hover", ({ points: [point] }) => point && point.curveNumber === POINTS && this.hover(point.customdata));
    if (!this.three) for (const event of ["plotly_relayout", "plotly_relayouting", "plotly_afterplot"]) this.plot.on(event, () => this.putHandle());
    this.plot.on("plotly_relayout", (change) => { if (Object.keys(change).some((name) => name.startsWith("xaxis.range") || name === "scene.camera" || name === "xaxis.autorange")) { this.camera = this.cameraNow(change); this.tellPage(); } });
    this.legend(head);
    this.drawGenerated();
    Object.assign(this.root.dataset, { drawn: n, took: Math.round(performance.now() - this.born) });     // for tests and benchmarks
  },

  // Redraw one of the thin traces.
  trace(index, places) {
    const update = { x: [places.map((p) => p[0])], y: [places.map((p) => p[1])] };
    if (this.three) update.z = [places.map((p) => p[2])];
    window.Plotly.restyle(this.plot, update, [index]);
  },

  hover(row) {
    this.hovered ||= latest((row) => this.ask("item", { map: this.data.map, i: row }).then((reply) => { this.say(reply.head.names[0]); }));
    this.hovered(row);
  },

  legend(head) {
    const box = this.root.querySelector(".lx-legend"); box.replaceChildren();
    if (head.scale) {
      const ramp = element("i", "lx-ramp"), ends = head.scale.ends;
      ramp.style.background = `linear-gradient(90deg, ${Array.from({ length: 9 }, (_, i) => head.colors[Math.round(i * 254 / 8)]).join(",")})`;
      box.append(document.createTextNode(`${head.title}: ${ends[0]} `), ramp, document.createTextNode(` ${ends[1]}${head.missing ? `; ${head.missing} without a value are grey` : ""}`));
      return;
    }
    for (const group of head.groups || []) {
      const entry = element("span", "lx-key"), dot = element("i", `lx-dot lx-${SYMBOLS[group.symbol % SYMBOLS.length]}`);
      dot.style.background = group.color; entry.append(dot, document.createTextNode(group.name)); box.append(entry);
    }
  },

  // -- the camera: what part of the map is in view, as plain numbers for the address --------------------------------------

  cameraNow(change) {
    if (!this.three) return change["xaxis.autorange"] ? null : [...this.plot._fullLayout.xaxis.range, ...this.plot._fullLayout.yaxis.range].map((v) => Number(v.toPrecision(5)));
    const { eye, center, up } = change["scene.camera"] || this.plot._fullLayout.scene.camera;
    return [eye, center, up].flatMap((v) => [v.x, v.y, v.z]).map((v) => Number(v.toFixed(3)));
  },

  aimCamera(layout) {
    const c = this.camera;
    if (!c || c.length !== (this.three ? 9 : 4)) { this.camera = null; return; }
    const point = (i) => ({ x: c[i], y: c[i + 1], z: c[i + 2] });
    if (this.three) layout.scene.camera = { eye: point(0), center: point(3), up: point(6) };
    else { layout.xaxis = { ...layout.xaxis, range: c.slice(0, 2) }; layout.yaxis = { ...layout.yaxis, range: c.slice(2) }; }
  },

  // -- the ring -----------------------------------------------------------------------------------------------------------

  axes() { const l = this.plot._fullLayout; return l && l.xaxis ? [l.xaxis, l.yaxis] : null; },

  // A pointer's place in the map's own units.
  under(event) {
    const box = this.plot.getBoundingClientRect(), [x, y] = this.axes();
    return [x.p2d(event.clientX - box.left - x._offset), y.p2d(event.clientY - box.top - y._offset)];
  },

  putHandle() {
    const axes = this.axes();
    if (!axes || !this.place) return;
    const [x, y] = axes, left = x._offset + x.d2p(this.place[0]), top = y._offset + y.d2p(this.place[1]);
    this.handle.hidden = false;
    this.handle.style.transform = `translate(${left}px, ${top}px)`;
  },

  grab(on) {
    on(this.handle, "pointerdown", (event) => { event.preventDefault(); this.handle.focus(); this.handle.setPointerCapture(event.pointerId); this.handle.classList.add("lx-held"); });
    on(this.handle, "pointermove", (event) => { if (this.handle.hasPointerCapture(event.pointerId) && this.axes()) this.drop(this.under(event)); });
    on(this.handle, "pointerup", (event) => { this.handle.releasePointerCapture(event.pointerId); this.handle.classList.remove("lx-held"); this.drop.rest().then(() => this.settle()); });
    on(this.handle, "keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key], axes = this.axes();
      if (!step || !axes || !this.place) return;
      event.preventDefault();
      const span = Math.abs(axes[0].range[1] - axes[0].range[0]) / (event.shiftKey ? 20 : 100);
      this.aim = [(this.aim || this.place)[0] + step[0] * span, (this.aim || this.place)[1] + step[1] * span];
      this.drop(this.aim); clearTimeout(this.aimed); this.aimed = setTimeout(() => { this.aim = null; this.drop.rest().then(() => this.settle()); }, 400);
    });
  },

  // -- box and lasso: drawn by us, decided by the server, which knows the rows that are not drawn as well --------------------

  setTool(tool) {
    this.tool = tool;
    for (const b of this.root.querySelectorAll(".lx-tool")) b.setAttribute("aria-pressed", String(b.dataset.tool === tool));
    this.region.classList.toggle("lx-on", tool !== "move");
  },

  lasso(on) {
    const shape = this.region.querySelector("polygon");
    let corners = null, places = null;
    const local = (event) => { const box = this.region.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    const draw = () => shape.setAttribute("points", (corners || []).map((c) => c.map((v) => v.toFixed(1)).join(",")).join(" "));
    const end = () => { corners = places = null; draw(); };
    on(this.region, "pointerdown", (event) => { if (!this.axes()) return; event.preventDefault(); this.region.setPointerCapture(event.pointerId); corners = [local(event)]; places = [this.under(event)]; });
    on(this.region, "pointermove", (event) => {
      if (!corners) return;
      const [x, y] = local(event), [px, py] = this.under(event);
      if (this.tool === "box") {
        const [[x0, y0]] = corners, [[p0, q0]] = places;
        corners = [[x0, y0], [x, y0], [x, y], [x0, y]]; places = [[p0, q0], [px, q0], [px, py], [p0, py]];
      } else if (Math.hypot(x - corners.at(-1)[0], y - corners.at(-1)[1]) > 3 && corners.length < 390) { corners.push([x, y]); places.push([px, py]); }
      draw();
    });
    on(this.region, "pointerup", (event) => {
      const drawn = places; end();
      if (drawn && drawn.length > 2) this.choose({ by: "region", how: event.shiftKey ? "add" : event.altKey ? "remove" : "replace" }, drawn.flat());
    });
    on(this.region, "pointercancel", end);
  },

  opacities() { return this.chosen.size && !this.three ? Array.from(this.ids, (i) => (this.chosen.has(i) ? 1 : 0.12)) : this.opacity; },

  // -- new samples as rings --------------------------------------------------------------------------------------------------

  async drawGenerated() {
    if (!this.root.querySelector(".lx-generated").checked) { this.made = null; this.trace(MADE, []); return; }
    const { head, buffer, start } = await this.ask("generated", { map: this.data.map }), { n, dims } = head, k = this.data.dimensions.length;
    const P = new Float32Array(buffer, start + 4 * n * k, n * dims);
    this.made = { seed: head.seed, codes: new Float32Array(buffer, start, n * k) };
    this.trace(MADE, Array.from({ length: n }, (_, i) => Array.from(P.subarray(i * dims, (i + 1) * dims))));
    this.say(`Rings: ${n} new samples from ${head.source}; seed ${head.seed}, placed like any new item.`);
    clearTimeout(this.soon);
    if (head.later) this.soon = setTimeout(() => this.root.isConnected && this.drawGenerated(), 2000);
  },

  visitMade(i) {
    const k = this.data.dimensions.length;
    this.move(Array.from(this.made.codes.subarray(i * k, (i + 1) * k)), "made", true);
    this.say(`New sample ${i} of seed ${this.made.seed}.`);
  },
};
