// The plain legend: classes with their colours, or a colour bar.

import { element } from "../shared/dom.js";

/**
 * @param {HTMLElement} box
 * @param {any} head
 * @param {Uint8Array} colours
 */
export function plainLegend(box, head, colours) {
  box.replaceChildren();
  if (head.title) box.append(element("span", "at-title", head.title));
  if (head.scale) {
    const ramp = element("i", "at-ramp"),
      ends = element("span", "at-ends"),
      stops = [0, 50, 100, 150, 200, 254].map(
        (i) => `rgb(${colours.subarray(4 * i, 4 * i + 3).join(",")})`,
      );
    ramp.style.background = `linear-gradient(90deg, ${stops.join(",")})`;
    ends.append(element("span", "", head.scale.ends[0]), element("span", "", head.scale.ends[1]));
    box.append(ramp, ends);
  }
  for (const group of head.groups || []) {
    const entry = element("span", "at-key"),
      dot = element("i", "at-dot");
    dot.style.background = group.color;
    entry.append(dot, document.createTextNode(group.name));
    box.append(entry);
  }
}
