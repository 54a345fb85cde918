// What every part of the map shares: the list of layers, drawn order, bit masks.

const LAYERS = [];              // classes; each layer_*.js pushes its own
const UNITS = 65535;            // places are whole numbers from 0 to this over the map's square
const DIM = 26;                 // opacity (of 255) of points outside the selection

// Drawn place -> row, and back: the permutation of lvm_core/atlas.py, whose formula spares sending it.
class Order {
  constructor(n) {
    this.n = n; this.bits = Math.max(2, n > 1 ? 32 - Math.clz32(n - 1) : 0);
    this.mask = 2 ** this.bits - 1; this.half = (this.bits + 1) >> 1;
  }

  mix(x) {
    for (let turn = 0; turn < 4; turn++) {
      x = ((turn & 1 ? Math.imul(x, 0x85EBCA6B) + 0x165667B1 : Math.imul(x, 0x9E3779B1) + 0x7F4A7C15) & this.mask) >>> 0;
      x ^= x >>> this.half;
    }
    return x;
  }

  row(i) { let x = this.mix(i); while (x >= this.n) x = this.mix(x); return x; }

  place(row) {
    if (!this.places) { this.places = new Int32Array(this.n); for (let i = 0; i < this.n; i++) this.places[this.row(i)] = i; }
    return this.places[row];
  }
}

function bit(bits, i) { return (bits[i >> 3] >> (i & 7)) & 1; }

// Several masks or shades as one, by what becomes of two of them; null of none.
function merged(all, join) {
  const [first, ...rest] = all;
  return rest.length ? rest.reduce((sum, other) => sum.map((v, i) => join(v, other[i])), first) : first || null;
}

function counted(bits, n) { let sum = 0; for (let i = 0; i < n; i++) sum += bit(bits, i); return sum; }

// CSS colours as Streamlit's theme gives them.
function rgbOf(text, fallback) {
  const probe = rgbOf.probe ||= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  probe.fillStyle = fallback; probe.fillStyle = text || fallback; probe.fillRect(0, 0, 1, 1);
  return Array.from(probe.getImageData(0, 0, 1, 1).data.subarray(0, 3));
}
