// The posterior of the item one started from: two standard deviations of what the encoder says.

export class PosteriorLayer {
  /** @param {import("../atlas.js").Atlas} atlas */
  constructor(atlas) {
    this.atlas = atlas;
    /** Its outline in the map's own units. @type {number[][]} */
    this.places = [];
  }

  /** @param {number[][]} places */
  put(places) {
    this.places = places;
    this.atlas.invalidate();
  }

  draw(context, atlas) {
    if (!this.places.length || !atlas.head) return;
    context.beginPath();
    context.setLineDash([2, 4]);
    context.lineWidth = 1.5;
    context.strokeStyle = atlas.accent;
    for (const place of this.places) context.lineTo(...atlas.screenOf(place));
    context.stroke();
  }
}
