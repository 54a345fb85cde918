// Bit masks in drawn order: bit i % 8, the lowest first, of byte i >> 3 is drawn place i.

/**
 * @param {Uint8Array} bits
 * @param {number} i
 * @returns {number} 0 or 1
 */
export function bit(bits, i) {
  return (bits[i >> 3] >> (i & 7)) & 1;
}

/**
 * Several masks or shades as one, by what becomes of two of them; null of none.
 * @param {Iterable<Uint8Array>} all
 * @param {(a: number, b: number) => number} join
 * @returns {Uint8Array | null}
 */
export function merged(all, join) {
  const [first, ...rest] = all;
  return rest.length
    ? rest.reduce((sum, other) => sum.map((v, i) => join(v, other[i])), first)
    : first || null;
}

/**
 * How many bits are set.
 * @param {Uint8Array} bits
 * @param {number} n
 * @returns {number}
 */
export function counted(bits, n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += bit(bits, i);
  return sum;
}
