// Waiting for what the edge does by itself.
import assert from 'node:assert/strict';

/** Asks until it is so; fails with `what` after `limit` ms. Between two questions pass `every` ms. */
export async function until(what: string, there: () => boolean | Promise<boolean>, limit = 60_000, every = 50): Promise<void> {
  const from = Date.now();
  while (!(await there())) {
    assert.ok(Date.now() - from < limit, what);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
