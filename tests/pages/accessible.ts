// What axe-core finds wrong with <live-tape> in a page.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type axeCore from 'axe-core';
import type { Page } from 'playwright-core';
import type { Content } from '../browser/site.ts';

declare global {
  var axe: typeof axeCore;
}

/** For a page that asks: its script, to come before what it looks at, and the file that is. */
export const axeScript = '<script src="/axe.js"></script>';
export async function axeFile(): Promise<Record<string, Content>> {
  return { '/axe.js': { type: 'text/javascript', body: await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js')) } };
}

/** Fails where axe finds anything. */
export async function assertAccessible(page: Page, state: string): Promise<void> {
  const violations = await page.evaluate(async () => (await axe.run('live-tape')).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`));
  assert.deepEqual(violations, [], state);
}
