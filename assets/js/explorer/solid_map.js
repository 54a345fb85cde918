// The explorer's 3-D map, drawn by Plotly: dots, the place of the code, walk and new samples.

import { accent, element } from "../shared/dom.js";
import { latest } from "../shared/latest.js";
import { plotly } from "../shared/plotly.js";

const SYMBOLS = [
  "circle",
  "diamond",
  "square",
  "cross",
  "x",
  "circle-open",
  "diamond-open",
  "square-open",
];
const POINTS = 0,
  WALK = 1,
  SPREAD = 2,
  MADE = 3,
  PROBE = 4; // traces

/** @implements {ExplorerMap} */
export class SolidMap {
  /** @param {import("./explorer.js").Explorer} explorer */
  constructor(explorer) {
    const box = explorer.part("map"),
      tools = element("div", "lx-map-tools"),
      samples = explorer.part("made");
    this.explorer = explorer;
    this.born = performance.now();
    this.plot = element("div", "lx-plot");
    this.legendBox = element("div", "lx-legend");
    /** Eye, centre and up. @type {number[] | null} */
    this.camera = explorer.data.camera?.length === 9 ? explorer.data.camera : null;
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", "map of the latent space");
    tools.append(samples);
    box.replaceChildren(this.plot, tools, this.legendBox);
    box.classList.add("lx-solid");
    explorer.on(explorer.part("generated"), "change", () => this.drawGenerated());
    this.hover = latest((row) =>
      explorer
        .ask("item", { map: explorer.data.map, i: row })
        .then((reply) => explorer.say(reply.head.names[0])),
    );
  }

  async open() {
    const { map, colour } = this.explorer.data;
    const [scene] = await Promise.all([
      this.explorer.ask("solid", colour ? { map, colour } : { map }),
      plotly(this.explorer.wire.base),
    ]);
    this.drawMap(scene);
  }

  close() {
    clearTimeout(this.soon);
    if (window.Plotly) window.Plotly.purge(this.plot);
  }
  refresh() {}
  rest() {}
  show(place) {
    this.trace(PROBE, [place]);
  }
  walk(places) {
    this.trace(WALK, places);
  }
  spread(places) {
    this.trace(SPREAD, places);
  }

  async change(query, values = []) {
    const { explorer } = this,
      { head } = await explorer.wire.tell(
        "choose",
        { map: explorer.data.map, answer: "mask", ...query },
        values,
      );
    explorer.shelf.chose(head.chosen);
  }

  drawMap({ head, buffer, start }) {
    const { explorer } = this,
      { n } = head,
      P = new Float32Array(buffer, start, 3 * n),
      C = new Float32Array(buffer, start + 12 * n, n),
      ids = Array.from(new Int32Array(buffer, start + 16 * n, n));
    const axis = (d) => Float32Array.from({ length: n }, (_, i) => P[3 * i + d]),
      size = Math.min(9, Math.max(3, 260 / Math.sqrt(n))) * 0.6;
    const marker = {
      size,
      opacity: n < 20000 ? 0.8 : 0.5,
      line: { width: 0 },
      color: Array.from(C, (c) => head.colors[c]),
      symbol: "circle",
    };
    if (head.groups) {
      const of = new Map(head.groups.map((g) => [g.index, SYMBOLS[g.symbol % SYMBOLS.length]]));
      Object.assign(marker, { symbol: Array.from(C, (c) => of.get(c)) });
    }
    // One trace with a colour array: many traces make hover slow.
    const ink = accent(explorer.root),
      empty = { type: "scatter3d", x: [], y: [], z: [], hoverinfo: "skip" };
    const ring = (width, size) => ({
      size,
      symbol: "circle-open",
      color: ink,
      line: { width, color: ink },
    });
    const traces = [];
    traces[POINTS] = {
      type: "scatter3d",
      mode: "markers",
      x: axis(0),
      y: axis(1),
      z: axis(2),
      customdata: ids,
      marker,
      hoverinfo: "none",
    };
    traces[WALK] = { ...empty, mode: "lines", line: { color: ink, width: 5 } };
    traces[SPREAD] = { ...empty, mode: "lines", line: { color: ink, width: 3, dash: "dot" } };
    traces[MADE] = {
      ...empty,
      mode: "markers",
      marker: ring(1.5, Math.max(7, size * 1.4)),
      hoverinfo: "none",
    };
    traces[PROBE] = { ...empty, mode: "markers", marker: ring(3, 9) };
    const quiet = {
      showticklabels: false,
      title: { text: "" },
      showbackground: false,
      gridcolor: "rgba(128,128,128,.25)",
      zeroline: false,
      showspikes: false,
    };
    const layout = {
      margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      showlegend: false,
      dragmode: "orbit",
      hovermode: "closest",
      scene: { xaxis: quiet, yaxis: quiet, zaxis: quiet, aspectmode: "data", camera: this.aimed() },
      autosize: true,
    };
    window.Plotly.newPlot(this.plot, traces, layout, {
      responsive: true,
      scrollZoom: true,
      displaylogo: false,
      displayModeBar: false,
      doubleClick: "reset",
    });
    const plot = /** @type {any} */ (this.plot);
    plot.on(
      "plotly_click",
      ({ points: [point] }) =>
        point &&
        (point.curveNumber === POINTS
          ? explorer.select(point.customdata)
          : point.curveNumber === MADE && this.visitMade(point.pointNumber)),
    );
    plot.on(
      "plotly_hover",
      ({ points: [point] }) =>
        point && point.curveNumber === POINTS && this.hover(point.customdata),
    );
    plot.on("plotly_relayout", (change) => {
      if (change["scene.camera"]) {
        this.camera = this.cameraNow(change["scene.camera"]);
        explorer.tellPage();
      }
    });
    this.legend(head);
    this.drawGenerated();
    // for tests and benchmarks
    Object.assign(explorer.root.dataset, {
      drawn: n,
      took: Math.round(performance.now() - this.born),
    });
  }

  // Redraw one of the thin traces.
  trace(index, places) {
    window.Plotly.restyle(
      this.plot,
      { x: [places.map((p) => p[0])], y: [places.map((p) => p[1])], z: [places.map((p) => p[2])] },
      [index],
    );
  }

  legend(head) {
    const box = this.legendBox;
    box.replaceChildren();
    if (head.scale) {
      const ramp = element("i", "lx-ramp"),
        ends = head.scale.ends;
      ramp.style.background = `linear-gradient(90deg, ${Array.from({ length: 9 }, (_, i) => head.colors[Math.round((i * 254) / 8)]).join(",")})`;
      box.append(
        document.createTextNode(`${head.title}: ${ends[0]} `),
        ramp,
        document.createTextNode(
          ` ${ends[1]}${head.missing ? `; ${head.missing} without a value are grey` : ""}`,
        ),
      );
      return;
    }
    for (const group of head.groups || []) {
      const entry = element("span", "lx-key"),
        dot = element("i", `lx-dot lx-${SYMBOLS[group.symbol % SYMBOLS.length]}`);
      dot.style.background = group.color;
      entry.append(dot, document.createTextNode(group.name));
      box.append(entry);
    }
  }

  // -- the camera ---------------------------------------------------------------------------------

  cameraNow({ eye, center, up }) {
    return [eye, center, up].flatMap((v) => [v.x, v.y, v.z]).map((v) => Number(v.toFixed(3)));
  }

  aimed() {
    const c = this.camera,
      point = (i) => ({ x: c[i], y: c[i + 1], z: c[i + 2] });
    return c ? { eye: point(0), center: point(3), up: point(6) } : undefined;
  }

  // -- new samples as rings -----------------------------------------------------------------------

  async drawGenerated() {
    const { explorer } = this;
    clearTimeout(this.soon);
    if (!explorer.part("generated").checked) {
      this.made = null;
      this.trace(MADE, []);
      return;
    }
    const { head, buffer, start } = await explorer.ask("generated", { map: explorer.data.map }),
      { n } = head,
      k = explorer.data.dimensions.length,
      P = new Float32Array(buffer, start + 4 * n * k, 3 * n);
    this.made = { seed: head.seed, codes: new Float32Array(buffer, start, n * k) };
    this.trace(
      MADE,
      Array.from({ length: n }, (_, i) => Array.from(P.subarray(3 * i, 3 * i + 3))),
    );
    explorer.say(
      `Rings: ${n} new samples from ${head.source}; seed ${head.seed}, placed like any new item.`,
    );
    if (head.later)
      this.soon = setTimeout(() => explorer.root.isConnected && this.drawGenerated(), 2000);
  }

  visitMade(i) {
    const k = this.explorer.data.dimensions.length;
    this.explorer.move(Array.from(this.made.codes.subarray(i * k, (i + 1) * k)), "made", true);
    this.explorer.say(`New sample ${i} of seed ${this.made.seed}.`);
  }
}
