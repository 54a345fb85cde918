// Icons of buttons as strokes on a square of 24: letters of a font come as emoji or empty boxes
// where it lacks them.

const PATHS = {
  move: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
  turn: "M12 3l7.5 4.2v9.6L12 21l-7.5-4.2V7.2zM12 11.5l7.5-4.3M12 11.5L4.5 7.2M12 11.5V21",
  box: "M4 8V5h3M10.5 5h3M17 5h3v3M20 11v2M20 16v3h-3M13.5 19h-3M7 19H4v-3M4 13v-2",
  lasso: "M8.5 15.3C5.3 14.5 3 12.4 3 10c0-3.3 4-6 9-6s9 2.7 9 6-4 6-9 6c-.6 0-1.1 0-1.6-.1M10.4 15.9a2 2 0 1 1-3.8-.2 2 2 0 0 1 3.8.2c.3 1.6-.6 3.1-2.4 4.6",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  whole: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  thumbnails: "M4 4h7v7H4zM13.5 4h7v7h-7zM4 13.5h7v7H4zM13.5 13.5h7v7h-7z",
  pen: "M4 20l1-4.5L16 4.5l3.5 3.5L8.5 19z",
  open: "M6 9l6 6 6-6",
  shut: "M9 6l6 6-6 6",
  close: "M6 6l12 12M18 6L6 18",
  undo: "M8 5L4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11H9",
  redo: "M16 5l4 4-4 4M20 9H10a5.5 5.5 0 0 0 0 11h5",
  star: "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.9L3.5 9.7l5.9-.8z",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 5v14M16 5v14",
};

/**
 * @param {keyof typeof PATHS} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const of = (kind, values) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
      for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
      return made;
    },
    made = of("svg", {
      viewBox: "0 0 24 24",
      width: "1.15em",
      height: "1.15em",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.8",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      "aria-hidden": "true",
    });
  made.style.verticalAlign = "-0.2em";
  made.style.pointerEvents = "none";
  made.append(of("path", { d: PATHS[name] }));
  return made;
}

/**
 * Put its icon into every element inside that names one (`data-icon`), before its words.
 * @param {ParentNode} root
 */
export function icons(root) {
  for (const box of root.querySelectorAll("[data-icon]"))
    if (!box.querySelector("svg")) box.prepend(icon(/** @type {any} */ (box).dataset.icon));
}
