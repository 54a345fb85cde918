// Draws snapshots of a training: the newest one, asked for again and again, or all of them under a
// scrubber.

import { element, find } from "../shared/dom.js";
import { unframed } from "../shared/frames.js";
import { icon } from "../shared/icons.js";
import { painter } from "../shared/painters.js";

const LINES = { table: 4, text: 4 }; // kinds whose items are lines of text: so many of them

/** @param {Component} component */
export default function (component) {
  const { data, parentElement } = component,
    root = find(parentElement, ".lxn");
  if (!root || !data) return;
  const part = (name) => find(root, `.lxn-${name}`),
    at = part("at"),
    play = part("play");
  const url = new URL("live/training-history", document.baseURI);
  url.search = String(new URLSearchParams({ t: data.token, ...(data.live ? { last: "1" } : {}) }));
  part("bar").hidden = data.live;
  root.classList.toggle("lxn-lines", data.kind in LINES);
  let over = false,
    timer = null,
    snapshots = null;

  async function load() {
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      const renewed = response.headers.get("latent-token");
      if (renewed) url.searchParams.set("t", renewed);
      if (response.ok) take(await response.arrayBuffer());
    } catch {
      /* the server is away: the next look may find it */
    }
    if (data.live && !over) timer = setTimeout(load, 1500);
  }

  function take(buffer) {
    const { head, start: begin } = unframed(buffer);
    root.hidden = head.frames === 0;
    if (!head.frames || over) return;
    const places = begin,
      values = places + 8 * head.frames * head.n,
      start = values + 4 * head.n;
    snapshots = {
      head,
      buffer,
      start,
      places: new Float32Array(buffer, places, 2 * head.frames * head.n),
      values: new Float32Array(buffer, values, head.n),
    };
    at.max = head.frames - 1;
    if (!data.live) at.value = head.frames - 1;
    draw();
  }

  function draw() {
    const f = data.live ? 0 : Number(at.value),
      { head } = snapshots;
    part("when").textContent = head.when[f];
    map(f);
    let from = head.real;
    for (let i = 0; i < f; i++) from += head.back[i] + head.made[i];
    const strips = [];
    if (head.back[f]) strips.push(["real", 0, head.real], ["what comes back", from, head.back[f]]);
    strips.push([
      `new samples${data.live ? `, ${head.when[f]}` : ""}`,
      from + head.back[f],
      head.made[f],
    ]);
    const box = part("strips");
    if (box.childElementCount !== strips.length)
      box.replaceChildren(
        ...strips.map(() => {
          const made = element("div", "");
          made.append(element("div", "lxn-name"), element("div", "lxn-strip"));
          return made;
        }),
      );
    strips.forEach(([name, first, count], i) =>
      strip(box.children[i], name, first, Math.min(count, LINES[data.kind] || count)),
    );
  }

  function strip(box, name, first, count) {
    const [label, row] = box.children;
    label.textContent = name;
    row.style.setProperty("--count", count);
    if (row.childElementCount !== count)
      row.replaceChildren(...Array.from({ length: count }, () => element("div", "lxn-item")));
    [...row.children].forEach((cell, m) => painter(data.kind).small(cell, snapshots, first + m));
  }

  function map(f) {
    const { head, places, values } = snapshots,
      canvas = part("map"),
      context = canvas.getContext("2d"),
      half = canvas.width / 2,
      n = head.n;
    canvas.hidden = n === 0;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.globalAlpha = 0.8;
    for (let i = 0; i < n; i++) {
      const x = places[2 * (f * n + i)],
        y = places[2 * (f * n + i) + 1];
      if (Number.isNaN(x)) continue;
      context.fillStyle = head.legend.colors[values[i]];
      context.beginPath();
      context.arc(half + x * half * 0.92, half - y * half * 0.92, 3.2, 0, 7);
      context.fill();
    }
  }

  let playing = null;
  const halt = () => {
    clearInterval(playing);
    playing = null;
    play.replaceChildren(icon("play"));
  };
  if (!play.firstChild) play.replaceChildren(icon("play"));
  play.onclick = () => {
    if (playing) return halt();
    if (Number(at.value) >= Number(at.max)) at.value = 0;
    play.replaceChildren(icon("pause"));
    playing = setInterval(() => {
      if (Number(at.value) >= Number(at.max)) return halt();
      at.value = Number(at.value) + 1;
      draw();
    }, 140);
  };
  at.oninput = () => {
    halt();
    if (snapshots) draw();
  };
  load();
  return () => {
    over = true;
    clearTimeout(timer);
    halt();
  };
}
