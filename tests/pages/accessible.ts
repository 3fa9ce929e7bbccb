// What axe-core finds wrong with a page, or with <live-tape> in it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type axeCore from 'axe-core';
import type { Page } from 'playwright-core';
import type { Content } from '../browser/site.ts';

declare global {
  var axe: typeof axeCore;
}

/** axe's script, for a page that is not the test's own. */
export const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** For a page that asks: its script, to come before what it looks at, and the file that is. */
export const axeScript = '<script src="/axe.js"></script>';
export async function axeFile(): Promise<Record<string, Content>> {
  return { '/axe.js': { type: 'text/javascript', body: await readFile(axePath) } };
}

/** Fails where axe finds anything in what `selector` names. */
export async function assertAccessible(page: Page, state: string, selector = 'live-tape'): Promise<void> {
  const violations = await page.evaluate(async (wanted) => (await axe.run(wanted)).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`), selector);
  assert.deepEqual(violations, [], state);
}
