// One pane in a page of Streamlit's.

import { find, whenGone } from "../shared/dom.js";
import { runOf } from "../shared/wire.js";
import { Atlas } from "./atlas.js";
import { LAYERS } from "./layers/index.js";

/** @param {Component} component */
export default function (component) {
  const { data, parentElement, setStateValue } = component,
    root = find(parentElement, ".at");
  if (!root || !data) return;
  if (root.atlas && runOf(root.atlas.data.token) === runOf(data.token))
    root.atlas.update(data, setStateValue);
  else {
    if (root.atlas) root.atlas.close();
    root.innerHTML = root.bare ||= root.innerHTML;
    root.atlas = new Atlas(root, data, setStateValue, LAYERS);
  }
  return () =>
    whenGone(root, () => {
      root.atlas?.close();
      root.atlas = null;
    });
}
