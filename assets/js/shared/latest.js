/**
 * At most one call under way; of those that come meanwhile only the newest is kept. ``rest()`` is
 * when none is left.
 * @template T
 * @param {(value: T) => any} send
 * @returns {((value: T) => Promise<void>) & { rest(): Promise<void> }}
 */
export function latest(send) {
  let busy = false,
    waiting = null;
  const resting = [];
  const go = async (value) => {
    if (busy) {
      waiting = [value];
      return;
    }
    busy = true;
    try {
      await send(value);
    } catch (error) {
      console.error(error);
    }
    busy = false;
    if (waiting) {
      const [next] = waiting;
      waiting = null;
      go(next);
    } else for (const rested of resting.splice(0)) rested();
  };
  return Object.assign(go, {
    rest: () => (busy ? new Promise((rested) => resting.push(rested)) : Promise.resolve()),
  });
}
