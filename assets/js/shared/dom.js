// Small tools of the explorer's parts.

export function element(tag, name, text = "") { const made = document.createElement(tag); made.className = name; if (text) made.textContent = text; return made; }

export function button(name, text, title, act) {
  const made = element("button", name, text); made.type = "button";
  if (title) { made.title = title; made.setAttribute("aria-label", title); }
  made.addEventListener("click", act);
  return made;
}

export function canvasIn(box, width = 320, height = 150) {
  let canvas = box.querySelector("canvas");
  if (!canvas) { canvas = document.createElement("canvas"); canvas.width = width; canvas.height = height; box.replaceChildren(canvas); }
  return canvas;
}

export function accent(of) { return getComputedStyle(of).getPropertyValue("--st-primary-color").trim() || "#0F8B8D"; }
export function short(v) { return Math.abs(v) >= 1000 || (v !== 0 && Math.abs(v) < 0.01) ? v.toExponential(1) : String(Number(v.toPrecision(3))); }
export function same(a, b) { return a && b && a.length === b.length && a.every((v, j) => Math.abs(v - b[j]) < 1e-4); }

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob); link.download = name; link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
