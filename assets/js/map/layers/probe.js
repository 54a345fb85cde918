// The ring: where the code in hand lies. It is dragged over the map, or moved with the arrow keys.

import { element } from "../../shared/dom.js";
import { UNITS } from "../../shared/order.js";

const PAUSE = 400; // milliseconds after the last key in which the hand counts as still there

export class ProbeLayer {
  /** @param {import("../atlas.js").Atlas} atlas */
  constructor(atlas) {
    this.atlas = atlas;
    /** In the map's own units. @type {Pair | null} */
    this.place = null;
    /** Where the keys have moved it, before the server has. @type {Pair | null} */
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

  /** @param {Pair} place */
  put(place) {
    this.place = place;
    this.draw();
  }

  draw() {
    const { atlas, handle, place } = this;
    if (!place || !atlas.head) return;
    const [x, y] = atlas.camera.toScreen(...atlas.unitOf(place[0], place[1]));
    handle.hidden = false;
    handle.style.transform = `translate(${x}px, ${y}px)`;
  }

  // A pointer's place in the map's own units.
  under(event) {
    return this.atlas.mapOf(...this.atlas.camera.toUnit(...this.atlas.gestures.at(event)));
  }

  step(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
        event.key
      ],
      { atlas } = this;
    if (!step || !atlas.head || !this.place) return;
    event.preventDefault();
    event.stopPropagation();
    const { camera, head } = atlas,
      span = (camera.width / camera.k / (event.shiftKey ? 20 : 100)) * (head.side / UNITS),
      from = this.aim || this.place;
    this.aim = [from[0] + step[0] * span, from[1] + step[1] * span];
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
