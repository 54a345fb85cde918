// The row under the pointer of another map.
export class MarkedLayer {
  /** @type {import("../atlas.js").Atlas} */ atlas;

  /**
   * @param {import("../atlas.js").Atlas} atlas
   */
  constructor(atlas) {
    this.atlas = atlas;
  }

  draw(context, atlas) {
    const { accent, marked, at, loaded } = atlas;
    if (marked == null || at || marked >= loaded) return;
    const [x, y] = atlas.pointAt(marked);
    for (const [width, ink] of [
      [5, "rgba(255,255,255,.85)"],
      [2.5, accent],
    ]) {
      context.lineWidth = width;
      context.strokeStyle = ink;
      context.beginPath();
      context.arc(x, y, 9, 0, 7);
      context.stroke();
    }
  }
}
