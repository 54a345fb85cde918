// A view of topics: circles by prevalence, bars of the most relevant words, a lambda that re-ranks
// at once (after Sievert & Shirley, 2014). All text comes in as data and goes out as textContent.

import { element, find } from "../shared/dom.js";

const BARS = 24,
  LARGEST = 62;

/** @param {Component} component */
export default function (component) {
  const { data, parentElement } = component,
    root = find(parentElement, ".lxt");
  if (!root || !data) return;
  const part = (name) => find(root, `.lxt-${name}`),
    map = part("map"),
    lambda = part("lambda");
  const { terms, topics, total } = data;
  // a clicked topic, one under the pointer, a word under the pointer
  let chosen = null,
    seen = null,
    word = null;

  const drawn = (tag, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [k, v] of Object.entries(attributes)) made.setAttribute(k, v);
    return made;
  };
  const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

  function relevance(p, j) {
    const w = Number(lambda.value);
    return w * Math.log(p) + (1 - w) * Math.log(p / terms[j].p);
  }

  // Bars of one topic by relevance; of the corpus by how much a word tells topics apart, weighed by
  // how common it is.
  function ranked() {
    const at = seen ?? chosen;
    if (at === null)
      return data.salient.slice(0, BARS).map((j) => ({ j, all: terms[j].p, inside: null }));
    return topics[at].words
      .map(([j, p]) => ({
        j,
        all: terms[j].p,
        inside: p * topics[at].share,
        rank: relevance(p, j),
      }))
      .sort((a, b) => b.rank - a.rank)
      .slice(0, BARS);
  }

  function bars() {
    const rows = ranked(),
      at = seen ?? chosen,
      most = Math.max(...rows.map((row) => Math.max(row.all, row.inside ?? 0)));
    part("title").textContent =
      at === null
        ? "Words that tell the topics apart"
        : `Topic ${at + 1} · ${topics[at].name} · wrote ${percent(topics[at].share)} of the words · NPMI ${topics[at].npmi}`;
    part("key-words").textContent = at === null ? "(choose a topic)" : `in topic ${at + 1}`;
    part("lambda-value").textContent = Number(lambda.value).toFixed(2);
    part("bar").classList.toggle("lxt-idle", at === null);
    part("terms").replaceChildren(
      ...rows.map((row) => {
        const item = element("li", "lxt-term"),
          box = element("span", "lxt-bars"),
          all = element("i", "lxt-bar-all"),
          name = terms[row.j].name;
        all.style.width = `${(100 * row.all) / most}%`;
        box.append(all);
        if (row.inside !== null) {
          const inside = element("i", "lxt-bar-in");
          inside.style.width = `${(100 * row.inside) / most}%`;
          box.append(inside);
        }
        const count = Math.round((row.inside ?? row.all) * total).toLocaleString();
        item.append(element("span", "lxt-name", name), box, element("span", "lxt-count", count));
        item.tabIndex = 0;
        item.title =
          `${name}: ${Math.round(row.all * total).toLocaleString()} times in the corpus` +
          (row.inside === null ? "" : `, about ${count} of them in topic ${at + 1}`);
        item.onmouseenter = item.onfocus = () => {
          word = row.j;
          circles();
        };
        item.onmouseleave = item.onblur = () => {
          word = null;
          circles();
        };
        return item;
      }),
    );
  }

  // Circles by prevalence, or by a word's distribution over the topics.
  function circles() {
    const of = word === null ? null : new Map(terms[word].topics);
    map.classList.toggle("lxt-word", word !== null);
    part("note").textContent =
      word === null ? data.note : `“${terms[word].name}”: circles show which topics write it.`;
    topics.forEach((topic, t) => {
      const circle = topic.node.firstChild;
      circle.setAttribute(
        "r",
        of ? Math.max(1.5, LARGEST * Math.sqrt(of.get(t) ?? 0)) : topic.r,
      );
      topic.node.setAttribute("aria-selected", String(t === chosen));
      topic.node.setAttribute("tabindex", t === (chosen ?? 0) ? "0" : "-1");
      topic.node.classList.toggle("lxt-seen", t === seen);
    });
  }

  function documents() {
    const box = part("documents");
    box.hidden = chosen === null;
    part("clear").hidden = chosen === null;
    if (chosen === null) return;
    part("documents-title").textContent = `Documents with the most of topic ${chosen + 1}, ${topics[chosen].name}`;
    box.querySelector("ol").replaceChildren(
      ...topics[chosen].documents.map((found) => {
        const item = element("li", "");
        item.append(
          element(
            "small",
            "",
            `row ${found.row} · ${percent(found.share)} of its words${found.label ? ` · ${found.label}` : ""}`,
          ),
          document.createTextNode(found.text),
        );
        return item;
      }),
    );
  }

  function choose(t) {
    chosen = t;
    seen = null;
    documents();
    bars();
    circles();
  }

  const shown = topics.map((topic, t) => {
    const node = drawn("g", {
      class: "lxt-topic",
      role: "option",
      "aria-selected": "false",
      tabindex: "-1",
      transform: `translate(${topic.x} ${-topic.y})`,
      "aria-label": `topic ${t + 1}, ${topic.name}, ${percent(topic.share)} of the words: ${topic.words
        .slice(0, 5)
        .map(([j]) => terms[j].name)
        .join(", ")}`,
    });
    const label = drawn("text", { class: "lxt-number", x: topic.x, y: -topic.y }),
      title = drawn("title", {});
    label.textContent = String(t + 1);
    title.textContent = node.getAttribute("aria-label");
    node.append(drawn("circle", { r: topic.r }), title);
    topic.label = label;
    node.onclick = () => choose(chosen === t ? null : t);
    node.onmouseenter = () => {
      seen = t;
      bars();
      circles();
    };
    node.onmouseleave = () => {
      seen = null;
      bars();
      circles();
    };
    node.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (step) {
        choose((t + step + topics.length) % topics.length);
        topics[chosen].node.focus();
      } else if (event.key === "Enter" || event.key === " ") choose(chosen === t ? null : t);
      else if (event.key === "Escape") choose(null);
      else return;
      event.preventDefault();
    };
    topic.node = node;
    return node;
  });
  // small ones on top
  shown.sort(
    (a, b) => Number(b.firstChild.getAttribute("r")) - Number(a.firstChild.getAttribute("r")),
  );
  map.replaceChildren(
    drawn("line", { x1: -260, x2: 260, class: "lxt-axis" }),
    drawn("line", { y1: -260, y2: 260, class: "lxt-axis" }),
    ...shown,
    ...topics.map((topic) => topic.label),
  );
  lambda.oninput = bars;
  part("clear").onclick = () => choose(null);
  choose(null);
  return () => {
    map.replaceChildren();
  };
}
