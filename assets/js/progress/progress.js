// Asks the server how long work goes on and draws it. The page itself reruns once, when the work
// has ended.

import { find } from "../shared/dom.js";

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
    const names = job.names,
      svg = part("curve");
    svg.toggleAttribute("hidden", !data.curve || job.steps.length < 2);
    if (!data.curve || job.steps.length < 2) return;
    // the first steps dwarf the rest: the scale follows the middle 96 % of the values
    const all = job.values
        .flat()
        .filter(Number.isFinite)
        .sort((a, b) => a - b),
      low = all[Math.floor(0.02 * all.length)],
      high = all[Math.ceil(0.98 * (all.length - 1))];
    const x = (s) =>
        (600 * (s - job.steps[0])) / (job.steps[job.steps.length - 1] - job.steps[0] || 1),
      y = (v) => 210 - (200 * (v - low)) / (high - low || 1);
    svg.replaceChildren(
      ...names.map((_, m) => {
        const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
        line.setAttribute(
          "points",
          job.steps
            .map(
              (s, i) =>
                `${x(s).toFixed(1)},${Math.max(-5, Math.min(225, y(job.values[m][i]))).toFixed(1)}`,
            )
            .join(" "),
        );
        line.setAttribute("stroke", COLOURS[m % COLOURS.length]);
        return line;
      }),
    );
    part("legend").replaceChildren(
      ...names.map((name, m) => {
        const entry = document.createElement("span"),
          dot = document.createElement("i");
        dot.style.background = COLOURS[m % COLOURS.length];
        entry.append(
          dot,
          document.createTextNode(
            `${name.replaceAll("_", " ")} ${job.values[m][job.values[m].length - 1].toPrecision(4)}`,
          ),
        );
        return entry;
      }),
    );
    const left = document.createElement("span"),
      right = document.createElement("span");
    left.textContent = `step ${job.steps[0].toLocaleString()}`;
    right.textContent = `step ${job.steps[job.steps.length - 1].toLocaleString()} · scale ${low.toPrecision(3)} to ${high.toPrecision(3)}`;
    part("scale").replaceChildren(left, right);
  }

  clearTimeout(root.lxpTimer);
  look();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
