import assert from "node:assert/strict";
import test from "node:test";

import { latest } from "../../assets/js/shared/latest.js";

const open = () => {
  let done;
  const promise = new Promise((resolve, reject) => (done = { resolve, reject }));
  return { promise, ...done };
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("one call is under way, and of those that wait only the newest is made", async () => {
  const calls = [];
  const send = latest((value) => {
    const call = { value, ...open() };
    calls.push(call);
    return call.promise;
  });
  for (const value of [1, 2, 3, 4]) send(value);
  assert.deepEqual(
    calls.map(({ value }) => value),
    [1],
  );
  calls[0].resolve();
  await turn();
  assert.deepEqual(
    calls.map(({ value }) => value),
    [1, 4],
  );
  calls[1].resolve();
  await send.rest();
  assert.equal(calls.length, 2);
});

test("rest waits for what waits too, and is at once where nothing is under way", async () => {
  const calls = [];
  const send = latest(() => {
    const call = open();
    calls.push(call);
    return call.promise;
  });
  await send.rest();
  send(1);
  send(2);
  let rested = false;
  const rest = send.rest().then(() => (rested = true));
  calls[0].resolve();
  await turn();
  assert.equal(rested, false);
  calls[1].resolve();
  await rest;
  assert.equal(rested, true);
});

test("a call that fails does not hold up the next", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const made = [];
  const send = latest(async (value) => {
    made.push(value);
    if (value === 1) throw new Error("refused");
  });
  send(1);
  send(2);
  await send.rest();
  assert.deepEqual(made, [1, 2]);
  assert.equal(said.mock.callCount(), 1);
});
