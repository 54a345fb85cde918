// Asks the server how long work goes on and draws it. The page itself reruns once, when the work
// has ended.

import { ends, label, ticks } from "../shared/axis.js";
import { element, find } from "../shared/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"];

/** @param {Component} component */
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = find(parentElement, ".lxp");
  if (!root || !data) return;
  let token = data.token; // answers bring a fresh one in time
  const url = (route, more = {}) => {
    const made = new URL(`live/${route}`, document.baseURI);
    made.search = String(new URLSearchParams({ t: token, job: data.job, ...more }));
    return made;
  };
  const part = (name) => find(root, `.lxp-${name}`),
    stop = part("stop");
  let over = false,
    timer = null,
    missed = 0,
    held = 0;
  const acts = { stop: "Stopping…", pause: "Pausing…", cancel: "Cancelling…" };
  for (const word of Object.keys(acts))
    part(word).onclick = () => {
      Object.keys(acts).forEach((other) => {
        part(other).disabled = true;
      });
      part(word).textContent = acts[word];
      fetch(data.job === "fit" ? url("ask", { word }) : url("stop"), {
        method: "POST",
        credentials: "same-origin",
      });
    };

  const underWay = (job) => job.state === "running" || job.state === "waiting";

  const atRest = () =>
    (find(document, "[data-test-script-state]")?.dataset.testScriptState ?? "notRunning") ===
    "notRunning";

  async function look() {
    try {
      const response = await fetch(url("job"), { credentials: "same-origin" });
      token = response.headers.get("latent-token") || token;
      if (!response.ok) throw new Error(await response.text());
      const job = await response.json();
      missed = 0;
      draw(job);
      // Told when the page is at rest: told during a run of the page it would break that run off,
      // and a click which that run had yet to hear would be lost. Told again until the page has
      // redrawn itself and taken this component away: a word can be lost beside another widget's.
      const ended = !underWay(job),
        told = ended && (atRest() || ++held > 20);
      if (told) {
        held = 0;
        setTriggerValue("ended", job.state);
      }
      if (ended) {
        if (!over) timer = setTimeout(look, told ? 2500 : 300);
        return;
      }
    } catch (error) {
      if (++missed >= 5)
        part("words").textContent =
          `No word from the server (${error.message}). The work goes on; still asking…`;
    }
    if (!over) timer = setTimeout(look, missed < 5 ? 400 : 2000);
  }

  function draw(job) {
    part("words").textContent = job.words;
    stop.hidden = !data.mine || job.state !== "running"; // what waits has nothing to keep
    part("pause").hidden = part("cancel").hidden =
      !data.mine || data.job !== "fit" || !underWay(job);
    part("bar").style.width = `${100 * job.fraction}%`;
    part("track").setAttribute("aria-valuenow", String(Math.round(100 * job.fraction)));
    const charts = part("charts");
    charts.hidden = !data.curve || job.steps.length < 2;
    if (charts.hidden) return;
    let m = 0;
    charts.replaceChildren(
      ...job.panels.map((size) => {
        const lines = Array.from({ length: size }, (_, i) => m + i);
        m += size;
        return panel(job, lines);
      }),
    );
  }

  clearTimeout(root.lxpTimer);
  look();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}

// One chart: its metrics with their newest values, their lines, and numbers beside the axes.
function panel(job, lines) {
  const made = element("figure", "lxp-panel"),
    title = element("figcaption", "lxp-legend");
  for (const m of lines) {
    const entry = element("span", ""),
      dot = element("i", "");
    dot.style.background = COLOURS[m % COLOURS.length];
    entry.append(dot, `${job.names[m]} ${job.values[m][job.values[m].length - 1].toPrecision(4)}`);
    title.append(entry);
  }
  const [low, high] = ends(lines.flatMap((m) => job.values[m])),
    [first, last] = [job.steps[0], job.steps[job.steps.length - 1]],
    x = (s) => (100 * (s - first)) / (last - first || 1),
    y = (v) => Math.max(-5, Math.min(105, (100 * (high - v)) / (high - low)));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 100");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${lines.map((m) => job.names[m]).join(" and ")} by training step`);
  const at = ticks(low, high),
    plot = element("div", "lxp-plot");
  plot.append(svg);
  for (const v of at) {
    svg.append(path("line", { x1: 0, x2: 100, y1: y(v), y2: y(v) }));
    const words = element("span", "lxp-y", label(v, at[1] - at[0]));
    words.style.top = `${y(v)}%`;
    plot.append(words);
  }
  for (const m of lines) {
    const points = job.steps.map((s, i) => `${x(s).toFixed(2)},${y(job.values[m][i]).toFixed(2)}`);
    svg.append(path("polyline", { points: points.join(" "), stroke: COLOURS[m % COLOURS.length] }));
  }
  const scale = element("div", "lxp-scale");
  scale.append(
    element("span", "", `step ${first.toLocaleString("en")}`),
    element("span", "", last.toLocaleString("en")),
  );
  made.append(title, plot, scale);
  return made;
}

function path(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
