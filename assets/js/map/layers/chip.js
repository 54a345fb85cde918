// What is chosen, on the map itself: how many, what differs, more like them, keep them, let go.

import { button, element } from "../../shared/dom.js";

const count = (v) => v.toLocaleString("en-US");

/** What Python's panels below the map are called there, and here. @type {[string, string, string][]} */
const WAYS = [
  ["difference", "what differs", "what tells the chosen from the others"],
  ["more", "more", "new items like the chosen"],
];

export class ChipLayer {
  /** @type {import("../atlas.js").Atlas} */ atlas;
  /** @type {HTMLElement} */ box;
  /** @type {string} */ what;

  /**
   * @param {import("../atlas.js").Atlas} atlas
   */
  constructor(atlas) {
    this.atlas = atlas;
    this.box = element("div", "at-chip at-own");
    this.box.hidden = true;
    atlas.stage.append(this.box);
    atlas.on("selection", () => this.build());
  }

  scene() {
    this.build();
  }

  data() {
    this.build();
  }

  build() {
    const { atlas, box } = this,
      { mine, model } = atlas.data.chip || {},
      what = JSON.stringify([atlas.selected, mine, model]);
    if (what === this.what) return;
    this.what = what;
    box.hidden = !atlas.selected;
    if (!atlas.selected) {
      if (box.contains(document.activeElement)) atlas.stage.focus();
      return;
    }
    const parts = [element("b", "", `${count(atlas.selected)} chosen`)];
    for (const [panel, words, title] of WAYS)
      if (panel !== "more" || model)
        parts.push(button("at-chip-way", words, title, () => this.ask(panel)));
    if (mine) {
      parts.push(button("at-chip-way", "keep", "keep them as a group", () => this.keep()));
      parts.push(button("at-chip-way", "\u00d7", "choose nothing", () => atlas.clear()));
    }
    box.replaceChildren(...parts);
  }

  /** @param {string} panel */
  ask(panel) {
    this.atlas.report("asked", { panel, stamp: Date.now() });
    document
      .querySelector(".st-key-below-map")
      ?.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  async keep() {
    const { atlas } = this,
      before = new Set(Object.keys((await atlas.wire.request("kept", {}, null)).head.groups)),
      { head } = await atlas.wire.tell("keep", { op: "group" }, []),
      made = Object.keys(head.groups).find((name) => !before.has(name));
    atlas.say(`Kept as ${made}.`);
    atlas.tell("kept", head);
    atlas.report("asked", { panel: "", stamp: Date.now() });
  }
}
