import assert from "node:assert/strict";
import test from "node:test";
import { reloadWhenBack } from "../../assets/js/shared/reload.js";

/** A window whose server answers as told, one answer a question, then well. */
function pageOf(answers, kept = {}, now = 1e6) {
  const page = {
    asked: 0,
    reloads: 0,
    document: { baseURI: "http://here/map" },
    Date: { now: () => now },
    sessionStorage: { getItem: (key) => kept[key] ?? null, setItem: (key, v) => (kept[key] = v) },
    location: { reload: () => (page.reloads += 1) },
    setTimeout: (done) => done(),
    fetch: async (url) => {
      assert.equal(String(url), "http://here/_stcore/health");
      const answer = answers[page.asked++] ?? "well";
      if (answer === "away") throw new TypeError("Failed to fetch");
      return { ok: answer === "well" };
    },
  };
  return page;
}

test("it waits until the server answers, then loads the page anew", async () => {
  const page = pageOf(["away", "away", "busy"]);
  await reloadWhenBack(page);
  assert.deepEqual([page.asked, page.reloads], [4, 1]);
});

test("what is missing from a server that was never away makes no loop", async () => {
  const kept = {},
    first = pageOf([], kept, 1e6),
    second = pageOf([], kept, 1e6 + 5000),
    later = pageOf([], kept, 1e6 + 90000);
  for (const page of [first, second, later]) await reloadWhenBack(page);
  assert.deepEqual([first.reloads, second.reloads, later.reloads], [1, 0, 1]);
});

test("a server that was away again soon is waited for again", async () => {
  const kept = {},
    page = pageOf(["away"], kept, 1e6 + 5000);
  await reloadWhenBack(pageOf([], kept));
  await reloadWhenBack(page);
  assert.equal(page.reloads, 1);
});

test("several scripts that fail at once are one reload", async () => {
  const page = pageOf(["away"]);
  await Promise.all([reloadWhenBack(page), reloadWhenBack(page), reloadWhenBack(page)]);
  assert.equal(page.reloads, 1);
});
