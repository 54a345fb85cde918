// How each kind of item is drawn. made: the decoded item, large; real: a real item beside it;
// small: a thumbnail in a button; traversal: what a dimension does across its range.

import { accent, canvasIn, element, short } from "./dom.js";

/**
 * @param {string} kind: image, array, table or text
 */
export function painter(kind) {
  return { image: pictures, array: curves, table: records, text: texts }[kind];
}

const pictures = {
  made(box, reply, m) {
    picture(canvasIn(box), reply, m);
  },
  real(box, reply, m) {
    picture(canvasIn(box), reply, m);
  },
  small(box, reply, m) {
    picture(canvasIn(box), reply, m);
  },
  traversal(box, reply, from, stops) {
    const [, h, w] = reply.head.shape,
      canvas = canvasIn(box);
    canvas.width = w * stops;
    canvas.height = h;
    const context = canvas.getContext("2d");
    for (let s = 0; s < stops; s++) context.putImageData(pixels(reply, from + s), s * w, 0);
  },
};

function pixels({ head, buffer, start }, m) {
  const [, h, w, c] = head.shape,
    from = new Uint8Array(buffer, start + m * h * w * c, h * w * c),
    image = new ImageData(w, h),
    to = image.data;
  for (let i = 0, p = 0; i < h * w; i++) {
    for (let d = 0; d < 3; d++) to[4 * i + d] = c === 1 ? from[p] : from[p + d];
    to[4 * i + 3] = 255;
    p += c;
  }
  return image;
}

/**
 * How a picture is scaled: the pixels of a small one stay sharp; of a large one made small most
 * would be lost.
 * @param {number} w
 * @param {number} h
 */
export function rendering(w, h) {
  return Math.max(w, h) > 96 ? "auto" : "";
}

function picture(canvas, reply, m) {
  const [, h, w] = reply.head.shape;
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.imageRendering = rendering(w, h);
  }
  canvas.getContext("2d").putImageData(pixels(reply, m), 0, 0);
}

const curves = {
  made(box, reply, m, data, explorer) {
    curve(
      canvasIn(box),
      explorer.realCurve ? [explorer.realCurve, values(reply, m)] : [values(reply, m)],
    );
  },
  real(box, reply, m, data, explorer) {
    explorer.realCurve = values(reply, m);
    box.replaceChildren();
  },
  small(box, reply, m) {
    curve(canvasIn(box, 72, 40), [values(reply, m)]);
  },
  traversal(box, reply, from, stops) {
    const canvas = canvasIn(box, 60 * stops, 36),
      context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (let s = 0; s < stops; s++)
      trace(context, values(reply, from + s), 60 * s + 3, 3, 54, 30, accent(canvas), 1.2);
  },
};

function values({ head, buffer, start }, m) {
  const d = head.shape[1];
  return new Float32Array(buffer.slice(start + 4 * m * d, start + 4 * (m + 1) * d));
}

function curve(canvas, rows) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  const low = Math.min(...rows.map((r) => Math.min(...r))),
    high = Math.max(...rows.map((r) => Math.max(...r)));
  rows.forEach((row, i) =>
    trace(
      context,
      row,
      4,
      4,
      canvas.width - 8,
      canvas.height - 8,
      rows.length > 1 && i === 0 ? "rgba(128,128,128,.6)" : accent(canvas),
      1.6,
      low,
      high,
    ),
  );
}

function trace(
  context,
  row,
  x,
  y,
  w,
  h,
  stroke,
  width,
  low = Math.min(...row),
  high = Math.max(...row),
) {
  const span = high - low || 1;
  context.strokeStyle = stroke;
  context.lineWidth = width;
  context.beginPath();
  row.forEach((v, i) =>
    context.lineTo(x + (i / (row.length - 1)) * w, y + h - ((v - low) / span) * h),
  );
  context.stroke();
}

const records = {
  made(box, reply, m) {
    record(box, reply, m, true);
  },
  real(box, reply, m) {
    record(box, reply, m, false);
  },
  small(box, reply, m) {
    box.classList.add("lx-text");
    box.textContent = reply.head.names
      ? reply.head.names[m]
      : reply.head.records[m]
          .slice(0, 4)
          .map(([v]) => v)
          .join(" · ");
  },
  traversal(box, reply, from, stops) {
    // What moves most from one end of the range to the other, in words.
    const first = reply.head.records[from],
      last = reply.head.records[from + stops - 1];
    const moved = first
      .map(([a, f], i) => {
        const [b, g] = last[i];
        return { i, a, b, much: f !== null && g !== null ? Math.abs(f - g) : a !== b ? 0.6 : 0 };
      })
      .sort((p, q) => q.much - p.much);
    ends(
      box,
      moved
        .filter((v) => v.much > 0.02)
        .slice(0, 2)
        .map((v) => [`${reply.head.columns[v.i]} ${v.a}`, v.b]),
    );
  },
};

function record(box, reply, m, live) {
  const rows = reply.head.records[m];
  if (box.childElementCount !== rows.length)
    box.replaceChildren(
      ...rows.map((_, i) => {
        const row = element("div", "lx-record"),
          name = element("span", "lx-column"),
          value = element("span", "lx-value"),
          bar = element("span", "lx-bar");
        name.textContent = reply.head.columns[i];
        row.append(name, bar, value);
        return row;
      }),
    );
  rows.forEach(([value, share], i) => {
    const row = box.children[i],
      shown = row.querySelector(".lx-value");
    const changed = live && shown.textContent && shown.textContent !== value;
    shown.textContent = value;
    row
      .querySelector(".lx-bar")
      .style.setProperty("--at", share === null ? "0%" : `${share * 100}%`);
    row.querySelector(".lx-bar").classList.toggle("lx-none", share === null);
    if (changed) {
      row.classList.add("lx-changed");
      clearTimeout(row.fade);
      row.fade = setTimeout(() => row.classList.remove("lx-changed"), 700);
    }
  });
}

const texts = {
  made(box, reply, m) {
    const words = reply.head.words[m],
      top = words.length ? words[0][1] : 1;
    box.classList.add("lx-cloud");
    box.replaceChildren(
      ...words.map(([term, weight]) => {
        const word = element("span", "lx-word");
        word.textContent = term;
        word.title = `weight ${short(weight)}`;
        word.style.fontSize = `${0.8 + 1.3 * Math.sqrt(Math.max(weight, 0) / (top || 1))}rem`;
        return word;
      }),
    );
  },
  real(box, reply, m) {
    box.classList.add("lx-document");
    box.textContent = reply.head.texts[m];
  },
  small(box, reply, m) {
    box.classList.add("lx-text");
    box.textContent = reply.head.names
      ? reply.head.names[m]
      : reply.head.words[m]
          .slice(0, 5)
          .map(([t]) => t)
          .join(" ");
  },
  traversal(box, reply, from, stops) {
    const first = reply.head.words[from].map(([t]) => t),
      last = reply.head.words[from + stops - 1].map(([t]) => t);
    ends(box, [
      [
        first
          .filter((t) => !last.includes(t))
          .slice(0, 3)
          .join(" "),
        last
          .filter((t) => !first.includes(t))
          .slice(0, 3)
          .join(" "),
      ],
    ]);
  },
};

function ends(box, pairs) {
  const left = element("span", "lx-from"),
    right = element("span", "lx-to");
  left.textContent = pairs.map(([a]) => a).join(", ");
  right.textContent = pairs.map(([, b]) => b).join(", ");
  box.classList.add("lx-ends");
  box.replaceChildren(left, right);
}
