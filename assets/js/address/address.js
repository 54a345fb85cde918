// One press of the browser's Back for one change of what is in view. Streamlit adds an entry to the
// browser's history for every change of the address: that of a page which fills in what a link left
// out, or says where a hand came to rest, takes the place of the one before here.

import { reloadWhenBack } from "../shared/reload.js";
import { isLeaving, isStep } from "./steps.js";

/** @type {any} */
const here = window.history;

export default function () {
  if (here.latentSteps) return;
  here.latentSteps = true;
  // a script of Streamlit's that could not be loaded
  window.addEventListener("vite:preloadError", () => reloadWhenBack(window));
  const push = here.pushState;
  here.pushState = function (state, title, url) {
    const next = new URL(url ?? "", window.location.href),
      { pathname, search } = window.location;
    if (next.pathname !== pathname) push.call(this, state, title, url);
    else if (isLeaving(search, next.search)) return;
    else if (isStep(search, next.search)) push.call(this, state, title, url);
    else this.replaceState(state, title, url);
  };
}
