// Small tools for elements of a page.

/**
 * A new element of a class, with text.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} name
 * @param {string} text
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, name, text = "") {
  const made = document.createElement(tag);
  made.className = name;
  if (text) made.textContent = text;
  return made;
}

/**
 * A button that says in words what it does.
 * @param {string} name
 * @param {string} text
 * @param {string} title
 * @param {(event: MouseEvent) => void} act
 */
export function button(name, text, title, act) {
  const made = element("button", name, text);
  made.type = "button";
  if (title) {
    made.title = title;
    made.setAttribute("aria-label", title);
  }
  made.addEventListener("click", act);
  return made;
}

/**
 * The canvas in a box, made where there is none.
 * @param {Element} box
 * @returns {HTMLCanvasElement}
 */
export function canvasIn(box, width = 320, height = 150) {
  let canvas = box.querySelector("canvas");
  if (!canvas) {
    canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    box.replaceChildren(canvas);
  }
  return canvas;
}

/**
 * The theme's colour.
 * @param {Element} of
 */
export function accent(of) {
  return getComputedStyle(of).getPropertyValue("--st-primary-color").trim() || "#0F8B8D";
}
/**
 * A number in three digits.
 * @param {number} v
 * @returns {string}
 */
export function short(v) {
  return Math.abs(v) >= 1000 || (v !== 0 && Math.abs(v) < 0.01)
    ? v.toExponential(1)
    : String(Number(v.toPrecision(3)));
}
/**
 * Whether two codes are one.
 * @param {ArrayLike<number> & number[]} a
 * @param {ArrayLike<number>} b
 * @returns {boolean}
 */
export function same(a, b) {
  return a && b && a.length === b.length && a.every((v, j) => Math.abs(v - b[j]) < 1e-4);
}

/**
 * Hand a file to the person.
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/**
 * Whether the page has gone for good when Streamlit lets a component go: it also does so to mount
 * it again.
 * @param {Element} root
 * @param {() => void} act
 */
export function whenGone(root, act) {
  setTimeout(() => {
    if (!root.isConnected) act();
  }, 1000);
}

/**
 * The first element inside that fits a selector.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {any}
 */
export function find(root, selector) {
  return root.querySelector(selector);
}

/**
 * All of them.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {any[]}
 */
export function findAll(root, selector) {
  return [...root.querySelectorAll(selector)];
}
