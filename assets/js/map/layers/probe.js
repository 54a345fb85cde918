// The ring: where the code in hand lies. It is dragged over the map, or moved with the arrow keys.

import { element } from "../../shared/dom.js";

const PAUSE = 400; // milliseconds after the last key in which the hand counts as still there

export class ProbeLayer {
  /** @param {import("../atlas.js").Atlas} atlas */
  constructor(atlas) {
    this.atlas = atlas;
    /** In the map's own units. @type {number[] | null} */
    this.place = null;
    /** Where the keys have moved it, before the server has. @type {number[] | null} */
    this.aim = null;
    const handle = (this.handle = element("button", "lx-handle at-own"));
    handle.type = "button";
    handle.hidden = true;
    handle.setAttribute(
      "aria-label",
      "probe: drag it over the map, or move it with the arrow keys",
    );
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
      handle.classList.add("lx-held");
    });
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId) && atlas.head)
        atlas.tell("probe", this.under(event));
    });
    handle.addEventListener("pointerup", (event) => {
      handle.releasePointerCapture(event.pointerId);
      handle.classList.remove("lx-held");
      atlas.tell("probed");
    });
    handle.addEventListener("keydown", (event) => this.step(event));
    atlas.stage.append(handle);
  }

  /** @param {number[]} place */
  put(place) {
    this.place = place;
    this.draw();
  }

  draw() {
    const { atlas, handle, place } = this;
    if (!place || !atlas.head) return;
    const [x, y] = atlas.screenOf(place);
    handle.hidden = false;
    handle.style.transform = `translate(${x}px, ${y}px)`;
  }

  // A pointer's place in the map's own units; in 3-D as deep as the ring is.
  under(event) {
    return this.atlas.placeUnder(this.atlas.gestures.at(event), this.place);
  }

  step(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
        event.key
      ],
      { atlas } = this;
    if (!step || !atlas.head || !this.place) return;
    event.preventDefault();
    event.stopPropagation();
    const span = atlas.camera.width / (event.shiftKey ? 20 : 100),
      from = this.aim || this.place,
      [x, y] = atlas.screenOf(from);
    this.aim = atlas.placeUnder([x + step[0] * span, y + step[1] * span], from);
    atlas.tell("probe", this.aim);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.aim = null;
      atlas.tell("probed");
    }, PAUSE);
  }

  close() {
    clearTimeout(this.timer);
    this.handle.remove();
  }
}
