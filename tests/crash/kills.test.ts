// Tabs, workers and browsers that end at any moment: the next page finds what was taped, whole, and takes it out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { launchKillable } from '../browser/killable.ts';
import { feed } from './feeding.ts';
import { assertWhole, discardFirst, exportFirst, recover } from './recovering.ts';
import { crash, setUp } from './setting.ts';

const setting = setUp(launchKillable);

/** What can end. */
const ends = {
  async worker(page: Page): Promise<void> {
    await page.evaluate(() => workers.forEach((worker) => worker.terminate()));
  },
  tab: crash,
  async browser(): Promise<void> {
    await setting.browser.kill();
    setting.browser = await launchKillable(setting.profile);
  },
};

/** How often each test kills: `LIVETAPE_KILLS` is set by the soak. */
const kills = Number(process.env['LIVETAPE_KILLS'] ?? 5);
const kinds = ['tab', 'browser', 'worker'] as const;
/** Lost at most, in milliseconds of recording. */
const mostLost = 2_000;

for (let run = 0; run < kills; run += 1) {
  const kind = kinds[run % kinds.length] ?? 'tab';
  // Another moment each time: of the stream, and between two appends.
  const seconds = 6 + ((run * 37) % 50);
  const pause = 20 + ((run * 13) % 40);
  test(`the ${kind} ends after ${seconds} s of stream: all but the last 2 s is recovered, whole`, { timeout: 90_000 }, async () => {
    const page = await setting.browser.context.newPage();
    const feeding = await feed(page, setting.site.origin, pause);
    await feeding.reached(seconds);
    await new Promise((resolve) => setTimeout(resolve, (run * 7) % pause));
    const killed = performance.now();
    await ends[kind](page);
    const next = await recover(setting.browser.context, setting.site.origin);
    const [left, ...others] = next.left;
    assert.ok(left && others.length === 0, `${next.left.length} tapes were left`);
    const owed = Math.max(0, ...feeding.told.filter(({ at }) => at < killed - mostLost).map(({ appended }) => appended));
    const told = Math.max(0, ...feeding.told.map(({ taped }) => taped));
    assert.ok(left.end >= owed && left.end >= told - 0.05, `up to ${left.end} s of ${owed} s, and of the ${told} s that were told`);
    assert.ok(told > 0 && left.start < 0.1 && left.tracks === 2 && left.bytes > 100_000, JSON.stringify(left));
    assert.ok(left.age !== undefined && Math.abs(left.age) < 60_000, `ended ${left.age} ms ago`);
    await assertWhole(await exportFirst(next.page), left.end - left.start);
    await discardFirst(next.page);
    await Promise.all([page.close(), next.page.close()]);
  });
}
