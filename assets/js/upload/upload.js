// Streams a large file to the server and tells the page when it is there.

import { find } from "../shared/dom.js";

/** @param {Component} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = find(parentElement, ".lxf");
  if (!root || !data) return;
  const part = (name) => find(root, `.lxf-${name}`),
    input = find(root, "input"),
    say = (words) => {
      part("say").textContent = words;
    };
  const megabytes = (bytes) => `${Math.round(bytes / 2 ** 20).toLocaleString("en")} MB`;
  const start = () => {
    const file = input.files[0];
    if (!file) return;
    if (file.size > data.most) {
      input.value = "";
      say(`${file.name} has ${megabytes(file.size)}; the most is ${megabytes(data.most)}.`);
      return;
    }
    const url = new URL("live/bring", document.baseURI),
      request = new XMLHttpRequest(),
      busy = (on) => {
        part("track").hidden = part("stop").hidden = !on;
        input.disabled = on;
      };
    url.search = String(new URLSearchParams({ t: data.token }));
    request.open("POST", url);
    request.upload.onprogress = ({ loaded, total }) => {
      part("bar").style.width = `${(100 * loaded) / total}%`;
      part("track").setAttribute("aria-valuenow", String(Math.round((100 * loaded) / total)));
      say(loaded < total ? `${megabytes(loaded)} of ${megabytes(total)}` : "Reading it…");
    };
    request.onload = () => {
      busy(false);
      input.value = "";
      request.status === 200
        ? setTriggerValue("brought", { id: JSON.parse(request.responseText).id, name: file.name })
        : say(request.responseText);
    };
    request.onerror = () => {
      busy(false);
      input.value = "";
      say("The connection broke; choose the file again.");
    };
    request.onabort = () => {
      busy(false);
      input.value = "";
      say("Cancelled; nothing was kept.");
    };
    part("stop").onclick = () => request.abort();
    busy(true);
    request.send(file);
  };
  input.onchange = start;
  // one that was chosen before this script was here
  if (input.files.length && !input.disabled) start();
}
