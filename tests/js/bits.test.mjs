import assert from "node:assert/strict";
import test from "node:test";

import { bit, counted, merged } from "../../assets/js/shared/bits.js";

test("the lowest bit of a byte is its first", () => {
  const bits = Uint8Array.of(0b00000101, 0b10000000);
  assert.deepEqual(
    Array.from({ length: 16 }, (_, i) => bit(bits, i)).flatMap((v, i) => (v ? [i] : [])),
    [0, 2, 15],
  );
  assert.equal(counted(bits, 16), 3);
  assert.equal(counted(bits, 15), 2);
});

test("several masks are one; none is none", () => {
  assert.deepEqual(
    [...merged([Uint8Array.of(1, 0), Uint8Array.of(2, 4)], (a, b) => a | b)],
    [3, 4],
  );
  assert.deepEqual(
    [...merged([Uint8Array.of(9), Uint8Array.of(4), Uint8Array.of(7)], Math.min)],
    [4],
  );
  assert.equal(merged([], Math.min), null);
});
