// Which changes of the address the browser's Back goes back over.

// the run and data, and what is in view of them; an item in hand or a camera is no step
const STEPS = ["run", "data", "map", "dims", "of", "set", "colour", "chosen"];

/**
 * Whether a page that is being left says less than it did: Streamlit empties the address before it
 * goes on, and what is filled in again is the next page's.
 * @param {string} before
 * @param {string} after
 */
export function isLeaving(before, after) {
  const [was, is] = [new URLSearchParams(before), new URLSearchParams(after)];
  return (was.has("map") && !is.has("map")) || (was.has("data") && !is.has("data"));
}

/**
 * Whether a new query on the same page is a step for Back: something in view is another. A page that
 * fills in what was left out of its address goes nowhere.
 * @param {string} before
 * @param {string} after
 */
export function isStep(before, after) {
  const [was, is] = [new URLSearchParams(before), new URLSearchParams(after)];
  const filled = was.has("map");
  return STEPS.some((name) => was.get(name) !== is.get(name) && (was.has(name) || filled));
}
