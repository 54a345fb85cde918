// The card beside the point under the pointer: its name, and what it looks like.

import { element } from "../shared/dom.js";
import { rendering } from "../shared/painters.js";

export class Card {
  /** @type {HTMLElement} */ box;
  /** @type {number | null} */ row;

  constructor(box) {
    this.box = box;
  }

  hide() {
    this.box.hidden = true;
    this.row = null;
  }

  show(reply, px, py, camera) {
    const { head, buffer, start } = reply;
    if (this.row !== head.row) {
      this.row = head.row;
      this.box.replaceChildren(
        ...(head.shape ? [this.picture(head, buffer, start)] : []),
        element("span", "at-name", head.name),
      );
    }
    this.box.hidden = false;
    const box = this.box.getBoundingClientRect();
    const x = px + 16 + box.width > camera.width ? px - 16 - box.width : px + 16,
      y = Math.min(Math.max(4, py - box.height / 2), camera.height - box.height - 4);
    this.box.style.transform = `translate(${Math.max(4, x)}px, ${y}px)`;
  }

  picture({ shape }, buffer, start) {
    return shape.length === 4
      ? pixels(shape, new Uint8Array(buffer, start))
      : curve(new Float32Array(buffer, start, shape[1]));
  }
}

/**
 * The first picture of (n, h, w, c) bytes on a canvas of its own size.
 * @param {number[]} shape: n, h, w, c
 * @param {Uint8Array} bytes
 */
export function pixels([, h, w, c], bytes) {
  const canvas = element("canvas", "at-thumb");
  canvas.width = w;
  canvas.height = h;
  canvas.style.imageRendering = rendering(w, h);
  const image = new ImageData(w, h);
  for (let p = 0; p < w * h; p++) {
    for (let k = 0; k < 3; k++) image.data[4 * p + k] = bytes[p * c + (c >= 3 ? k : 0)];
    image.data[4 * p + 3] = c === 4 ? bytes[p * c + 3] : 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/**
 * A curve as a small drawing.
 * @param {Float32Array} values
 */
export function curve(values) {
  const canvas = element("canvas", "at-curve");
  canvas.width = 240;
  canvas.height = 90;
  const low = Math.min(...values),
    high = Math.max(...values),
    context = canvas.getContext("2d");
  context.lineWidth = 2;
  context.strokeStyle = "#0F8B8D";
  context.beginPath();
  values.forEach((v, i) =>
    context.lineTo(
      4 + (i / Math.max(1, values.length - 1)) * 232,
      84 - ((v - low) / (high - low || 1)) * 78,
    ),
  );
  context.stroke();
  return canvas;
}
