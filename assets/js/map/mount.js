// One pane in a page of Streamlit's.

import { runOf } from "../shared/wire.js";
import { Atlas } from "./atlas.js";
import { LAYERS } from "./layers/index.js";

export default function (component) {
  const { data, parentElement, setStateValue } = component, root = parentElement.querySelector(".at");
  if (!root || !data) return;
  if (root.atlas && runOf(root.atlas.data.token) === runOf(data.token)) root.atlas.update(data, setStateValue);
  else { if (root.atlas) root.atlas.close(); root.innerHTML = root.bare ||= root.innerHTML; root.atlas = new Atlas(root, data, setStateValue, LAYERS); }
  return () => setTimeout(() => { if (!root.isConnected && root.atlas) { root.atlas.close(); root.atlas = null; } }, 1000);
}
