// The explorer's map: the same as the Map page's, with the ring, the walk and the posterior on it.

import { Atlas } from "../map/atlas.js";
import { ChipLayer } from "../map/layers/chip.js";
import { GeneratedLayer } from "../map/layers/generated.js";
import { LegendLayer } from "../map/layers/legend.js";
import { PosteriorLayer } from "../map/layers/posterior.js";
import { ProbeLayer } from "../map/layers/probe.js";
import { WalkLayer } from "../map/layers/walk.js";
import { find } from "../shared/dom.js";

// the lowest first
const LAYERS = [GeneratedLayer, PosteriorLayer, WalkLayer, LegendLayer, ChipLayer, ProbeLayer];

export class ExplorerMap {
  /** @param {import("./explorer.js").Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.born = performance.now();
    const { data, root, wire } = explorer,
      samples = explorer.part("made"),
      box = explorer.part("map"),
      parts = find(root, "template.lx-atlas").content.cloneNode(true);
    this.data = {
      token: data.token,
      map: data.map,
      colour: data.colour,
      kind: data.kind,
      n: data.n,
      chosen: data.chosen,
      chip: data.chip,
      camera: data.camera,
      generated: explorer.part("generated").checked,
    };
    box.replaceChildren(parts);
    const pane = find(box, ".at"),
      atlas =
        (this.atlas =
        pane.atlas =
          new Atlas(pane, this.data, (name, value) => this.told(name, value), LAYERS, wire));
    atlas.bar.prepend(samples);
    this.probe = atlas.layer(ProbeLayer);
    this.path = atlas.layer(WalkLayer);
    this.posterior = atlas.layer(PosteriorLayer);
    this.samples = atlas.layer(GeneratedLayer);
    wire.trouble = (words) => explorer.say(words, true);
    explorer.on(explorer.part("generated"), "change", (event) =>
      this.update({ generated: event.target.checked }),
    );
    atlas.on("probe", (place) => explorer.drop(place));
    atlas.on("probed", () => explorer.drop.rest().then(() => explorer.settle()));
    atlas.on("sample", ({ i, code, seed }) => {
      explorer.move(code, "made", true);
      explorer.say(`New sample ${i} of seed ${seed}.`);
    });
    atlas.on("kept", (kept) => explorer.shelf.take(kept));
    atlas.on("camera", () => {
      if (atlas.n) explorer.tellPage();
    });
    // for tests and benchmarks
    atlas.on("scene", () =>
      Object.assign(root.dataset, {
        drawn: atlas.n,
        took: Math.round(performance.now() - this.born),
      }),
    );
  }

  // Its points come by themselves; nothing else waits for them.
  async open() {}

  close() {
    this.atlas.close();
  }

  update(more) {
    this.data = { ...this.data, ...more };
    this.atlas.update(this.data, this.atlas.report);
  }

  refresh({ chosen }) {
    if (chosen !== this.data.chosen) this.update({ chosen });
  }

  told(name, value) {
    if (name === "picked") this.explorer.select(value);
    if (name === "asked" && value.panel) this.explorer.report(name, value);
    if (name === "chosen") this.explorer.shelf.chose(value.count);
  }

  change(query, values = []) {
    return this.atlas.change(query, values);
  }
  show(place) {
    this.probe.put(place);
  }
  walk(places, steps) {
    this.path.put(places, steps);
  }
  spread(places) {
    this.posterior.put(places);
  }
  rest() {
    this.atlas.setTool("pan");
  }

  // What of the map is in view, for the address; null: all of it, as at first. Of one in a plane its
  // part, in its own units.
  get camera() {
    const { atlas } = this,
      { camera } = atlas;
    if (!atlas.n) return this.data.camera || null;
    if (camera.whole) return null;
    if (atlas.dims === 3) return camera.place.map((v) => Number(v.toFixed(3)));
    const [left, bottom, right, top] = camera.rect(),
      [x0, y0] = atlas.mapOf(left, bottom),
      [x1, y1] = atlas.mapOf(right, top);
    return [x0, x1, y0, y1].map((v) => Number(v.toPrecision(5)));
  }
}
