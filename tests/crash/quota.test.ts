// A browser whose storage is full: the oldest is given up, then what comes is left out, and the page goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { launchProfile } from '../browser/chromium.ts';
import { feed } from './feeding.ts';
import { assertWhole, exportHeld } from './recovering.ts';
import { setUp } from './setting.ts';

const setting = setUp(launchProfile);

async function limit(page: Page, quotaSize: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: setting.site.origin, quotaSize });
}

const megabyte = 1 << 20;

test('full storage: first the oldest goes, then what is new; nothing throws, and what is on the tape is whole', { timeout: 90_000 }, async () => {
  const page = await setting.browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await limit(page, 12 * megabyte);
  const feeding = await feed(page, setting.site.origin, 10);
  await page.evaluate(() => {
    globalThis.notices = [];
    tape.addEventListener('notice', ({ detail }) => notices.push(detail.code));
    tape.addEventListener('error', ({ detail }) => notices.push(`error ${detail.code}`));
  });
  await feeding.reached(200);
  const first = await page.evaluate(() => ({ window: tape.window, forecast: tape.forecast, notices: globalThis.notices }));
  // Chromium had said that there were gigabytes: the first reel is as long as that allows, and must end before it can be given up.
  assert.deepEqual(first.notices.filter((code) => code !== 'gap'), ['storage_full', 'storage_short']);
  assert.ok(first.window.start > 0, JSON.stringify(first));
  assert.ok(first.window.bytes < 12 * megabyte, `${first.window.bytes} bytes`);
  assert.ok(first.forecast !== undefined && first.forecast < 100, `${first.forecast} s left`);

  // Now all that is there is held.
  const duration = await page.evaluate(async () => {
    const { start, end } = tape.window;
    globalThis.held = await tape.clip({ start, end });
    return globalThis.held.duration;
  });
  await page.waitForFunction(() => notices.includes('storage_full'));
  await feeding.reached(Math.max(...feeding.told.map(({ appended }) => appended)) + 60);
  await assertWhole(await exportHeld(page), duration);

  // There is room again: it goes on.
  await page.evaluate(() => held.close());
  const before = await page.evaluate(() => tape.window.end);
  // When the stretch that is missing has left the window.
  await page.waitForFunction((end) => tape.window.start > end && tape.window.end - tape.window.start > 40, before);
  const later = await page.evaluate(async () => {
    const { end } = tape.window;
    globalThis.held = await tape.clip({ start: end - 20, end });
    return globalThis.held.duration;
  });
  await assertWhole(await exportHeld(page), later);
  const told = await page.evaluate(() => globalThis.notices);
  assert.ok(!told.some((code) => code.startsWith('error')), told.join(' '));
  assert.deepEqual(problems, []);
  await page.close();
});
