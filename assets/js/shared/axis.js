// The numbers beside an axis.

/**
 * Round numbers between two ends, both included where they are round; about as many as asked for.
 * @param {number} low
 * @param {number} high
 * @param {number} count
 * @returns {number[]}
 */
export function ticks(low, high, count = 3) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count,
    size = 10 ** Math.floor(Math.log10(rough)),
    step = size * ([1, 2, 5].find((k) => k * size >= rough) || 10),
    found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++)
    found.push(Number((k * step).toPrecision(12)));
  return found;
}

/**
 * A number as people write it: 1,430 and 0.05, in so many digits as tell ticks of an axis apart.
 * @param {number} v
 * @param {number} step: the distance to the next
 * @returns {string}
 */
export function label(v, step) {
  const digits = Math.max(0, -Math.floor(Math.log10(step || Math.abs(v) || 1)));
  return Math.abs(v) >= 1e7 || digits > 5
    ? v.toExponential(1)
    : v.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * Ends of an axis that shows all values, or nearly all where few lie far off, as those of the first
 * steps of a training do; the last one always.
 * @param {number[]} values
 * @returns {[number, number]}
 */
export function ends(values) {
  const all = values.filter(Number.isFinite).sort((a, b) => a - b),
    last = values.findLast(Number.isFinite),
    at = (share) => all[Math.round(share * (all.length - 1))],
    near = [Math.min(at(0.02), last), Math.max(at(0.98), last)],
    whole = at(1) - at(0) <= 2 * (near[1] - near[0]),
    [low, high] = whole ? [at(0), at(1)] : near,
    margin = 0.06 * (high - low) || 0.5 * Math.abs(high) || 1;
  return [low - margin, high + margin];
}
