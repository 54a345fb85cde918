// The walk from A to B: its path, dashed beyond the ends, the steps on it, and the ends by name.

export class WalkLayer {
  /** @param {import("../atlas.js").Atlas} atlas */
  constructor(atlas) {
    this.atlas = atlas;
    /** The path in the map's own units. @type {number[][]} */
    this.places = [];
    /** How far along each is: A is 0, B is 1. @type {number[]} */
    this.t = [];
    this.steps = 0;
  }

  /**
   * @param {number[][]} places
   * @param {{ t: number[], steps: number }} at
   */
  put(places, { t, steps }) {
    Object.assign(this, { places, t, steps });
    this.atlas.invalidate();
  }

  draw(context, atlas) {
    const { places, t } = this;
    if (!places.length || !atlas.head) return;
    const path = places.map((place) => atlas.screenOf(place)),
      first = t.findIndex((v) => v > -1e-9),
      last = t.findLastIndex((v) => v < 1 + 1e-9);
    const line = (from, to, dashes) => {
      context.beginPath();
      context.setLineDash(dashes);
      for (let m = from; m <= to; m++) context.lineTo(...path[m]);
      context.stroke();
    };
    context.strokeStyle = context.fillStyle = atlas.accent;
    context.lineWidth = 2.5;
    context.lineJoin = "round";
    line(0, first, [2, 5]);
    line(first, last, []);
    line(last, path.length - 1, [2, 5]);
    for (const at of stepsOn(path, t, this.steps)) {
      context.beginPath();
      context.arc(...at, 3, 0, 7);
      context.fill();
    }
    context.font = `600 13px ${getComputedStyle(atlas.root).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [name, at] of /** @type {[string, Pair][]} */ ([
      ["A", path[first]],
      ["B", path[last]],
    ])) {
      context.fillStyle = atlas.accent;
      context.beginPath();
      context.arc(...at, 9, 0, 7);
      context.fill();
      context.fillStyle = "#fff";
      context.fillText(name, at[0], at[1] + 0.5);
    }
  }
}

/**
 * Where `steps` evenly spaced moments from 0 to 1 lie on a path, its own moments being `t`.
 * @param {Pair[]} path
 * @param {number[]} t
 * @param {number} steps
 * @returns {Pair[]}
 */
export function stepsOn(path, t, steps) {
  return Array.from({ length: steps }, (_, m) => along(path, t, m / Math.max(1, steps - 1)));
}

/**
 * What lies at a moment between two of a list of places or codes.
 * @template {number[]} T
 * @param {T[]} values
 * @param {number[]} t: evenly spaced
 * @param {number} at
 * @returns {T}
 */
export function along(values, t, at) {
  const place = (at - t[0]) / (t[1] - t[0]),
    m = Math.min(Math.max(Math.floor(place), 0), values.length - 2),
    w = place - m;
  return /** @type {T} */ (values[m].map((v, j) => v + w * (values[m + 1][j] - v)));
}
