// A script of the page could not be loaded: the server was restarting, or holds another version by
// now. Once it answers, the page is loaded anew.

/**
 * Load the page anew once the server answers; not where that was done within a minute and the
 * server was never away: what is missing then stays missing.
 * @param {any} page: the window
 */
export async function reloadWhenBack(page) {
  if (page.latentReloads) return;
  page.latentReloads = true;
  let away = false;
  for (;;) {
    const answer = await page
      .fetch(new URL("_stcore/health", page.document.baseURI), { cache: "no-store" })
      .catch(() => null);
    if (answer?.ok) break;
    away = true;
    await new Promise((done) => page.setTimeout(done, 500));
  }
  page.latentReloads = false;
  const now = page.Date.now(),
    last = Number(page.sessionStorage.getItem("latent-reloaded"));
  if (!away && now - last < 60000) return;
  page.sessionStorage.setItem("latent-reloaded", String(now));
  page.location.reload();
}
