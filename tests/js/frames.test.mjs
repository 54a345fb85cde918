import assert from "node:assert/strict";
import test from "node:test";

import { framed, unframed } from "../../assets/js/shared/frames.js";

test("a frame comes back as it went", () => {
  const { buffer } = framed({ ask: "decode", id: 7, map: "Größe" }, [1.5, -2, 3e4]);
  const { head, start } = unframed(buffer);
  assert.deepEqual(head, { ask: "decode", id: 7, map: "Größe" });
  assert.deepEqual([...new Float32Array(buffer.slice(start))], [1.5, -2, 3e4]);
});

test("a frame without numbers ends with its head", () => {
  const { buffer } = framed({ ask: "item", id: 1 });
  assert.equal(unframed(buffer).start, buffer.byteLength);
});

test("what the server pads is read where it begins", () => {
  const text = new TextEncoder().encode('{"n":2}  '.padEnd(12));
  const bytes = new Uint8Array(4 + text.length + 8);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  bytes.set(new Uint8Array(Float32Array.of(0.25, 9).buffer), 4 + text.length);
  const { head, start } = unframed(bytes.buffer);
  assert.equal(head.n, 2);
  assert.deepEqual([...new Float32Array(bytes.buffer, start, 2)], [0.25, 9]);
});
