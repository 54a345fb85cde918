// Colours as numbers, and palettes of 256 of them.

/** @type {CanvasRenderingContext2D} */
let probe;

/**
 * CSS colours as Streamlit's theme gives them.
 * @param {string} text
 * @param {string} fallback
 * @returns {number[]}
 */
export function rgbOf(text, fallback = "#000") {
  probe ||= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext(
    "2d",
    { willReadFrequently: true },
  );
  probe.fillStyle = fallback;
  probe.fillStyle = text || fallback;
  probe.fillRect(0, 0, 1, 1);
  return Array.from(probe.getImageData(0, 0, 1, 1).data.subarray(0, 3));
}

/**
 * Levels 0 to 250 between colours; 255, not known, is a faint grey. `faint`: the opacity of level
 * 0.
 * @param {string[]} colours
 * @param {number} faint
 * @returns {Uint8Array}
 */
export function levels(colours, faint = 255) {
  const stops = colours.map((colour) => rgbOf(colour)),
    made = new Uint8Array(1024);
  for (let v = 0; v <= 250; v++) {
    const at = (v / 250) * (stops.length - 1),
      i = Math.min(stops.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c++)
      made[4 * v + c] = Math.round(stops[i][c] + (at - i) * (stops[i + 1][c] - stops[i][c]));
    made[4 * v + 3] = Math.round(faint + (255 - faint) * Math.min(1, v / 125));
  }
  made.set([176, 176, 176, 60], 1020);
  return made;
}

/**
 * A colour a class, the first of them fainter; 255, not known, is a faint grey.
 * @param {string[]} colours
 * @returns {Uint8Array}
 */
export function classes(colours) {
  const made = new Uint8Array(1024);
  colours.forEach((colour, i) => made.set([...rgbOf(colour), i ? 255 : 110], 4 * i));
  made.set([176, 176, 176, 60], 1020);
  return made;
}

// neighbours kept, half changed, changed
export const LOSS_STEPS = [
  [150, 163, 170],
  [230, 159, 0],
  [196, 58, 8],
];

/**
 * Colours of 0 to k neighbours lost.
 * @param {number} k
 * @returns {Uint8Array}
 */
export function losses(k) {
  const palette = new Uint8Array(1024);
  for (let l = 0; l < 256; l++) {
    const at = Math.min(1, l / k) * 2,
      from = LOSS_STEPS[Math.min(1, Math.floor(at))],
      to = LOSS_STEPS[Math.min(1, Math.floor(at)) + 1],
      share = at - Math.min(1, Math.floor(at));
    for (let c = 0; c < 3; c++) palette[4 * l + c] = from[c] + (to[c] - from[c]) * share;
    palette[4 * l + 3] = 255;
  }
  return palette;
}
