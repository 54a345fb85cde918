// Takes a recovery code to the server, which answers with the cookie it stands for.

import { find } from "../shared/dom.js";

/** @param {Component} component */
export default function ({ parentElement }) {
  const form = find(parentElement, ".lxw");
  if (!form) return;
  form.onsubmit = async (event) => {
    event.preventDefault();
    const response = await fetch(new URL("live/enter", document.baseURI), {
      method: "POST",
      body: form.querySelector(".lxw-code").value,
      credentials: "same-origin",
    });
    if (response.ok) window.location.assign(document.baseURI);
    else form.querySelector(".lxw-say").textContent = await response.text();
  };
}
