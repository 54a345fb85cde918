// Bit masks in drawn order: bit i % 8, the lowest first, of byte i >> 3 is drawn place i.

export function bit(bits, i) { return (bits[i >> 3] >> (i & 7)) & 1; }

// Several masks or shades as one, by what becomes of two of them; null of none.
export function merged(all, join) {
  const [first, ...rest] = all;
  return rest.length ? rest.reduce((sum, other) => sum.map((v, i) => join(v, other[i])), first) : first || null;
}

export function counted(bits, n) { let sum = 0; for (let i = 0; i < n; i++) sum += bit(bits, i); return sum; }

