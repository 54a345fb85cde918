// Plotly from the server, once.

let loading = null;
/**
 * Load it where it is not there yet.
 * @param {URL} base
 * @returns {Promise<void>}
 */
export function plotly(base) {
  if (window.Plotly) return Promise.resolve();
  return (loading ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("plotly.js", base).href;
    script.onload = () => resolve();
    script.onerror = () => {
      loading = null;
      reject(new Error("The map's drawing library could not be loaded; reload the page."));
    };
    document.head.append(script);
  }));
}
