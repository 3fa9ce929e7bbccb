// Each player in Chromium on a live source with all that goes wrong: what it showed is on the tape, every frame once.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { playerPages, type Player } from './players.ts';
import { LiveSource, type Plan } from './source.ts';
import { assertClip, type Expected } from './verify.ts';

let browser: Browser;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-live-clips-'));
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** A page with a player on a source of its own. */
async function open<T>(player: Player, plan: Plan, run: (page: Page, source: LiveSource) => Promise<T>): Promise<T> {
  const source = await LiveSource.start(plan, await playerPages([player]));
  const context = await browser.newContext();
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  try {
    await page.goto(`${source.origin}/${player}.html`);
    // A test that fails must come to its end here, for the browser to be closed.
    const late = new Promise<never>((_, reject) => setTimeout(reject, 45_000, new Error(`not done after 45 s; asked for: ${source.requests.slice(-20).join(' ')}`)).unref());
    const result = await Promise.race([run(page, source), late]);
    assert.deepEqual(problems, []);
    return result;
  } finally {
    await context.close();
    await source.close();
  }
}

/**
 * Heights of pictures where players choose by themselves. `after`: when a connection broke; hls.js goes down. `resumed`: after the
 * break, with a segment that is not found at first; hls.js goes down, dash.js begins again with the lower quality.
 */
const cases = [
  { player: 'hls.js', format: 'ts', url: '/ts/master.m3u8', after: [180], resumed: [360, 180] },
  { player: 'hls.js', format: 'fmp4', url: '/fmp4/master.m3u8', after: [180], resumed: [360, 180] },
  { player: 'shaka-player', format: 'fmp4', url: '/fmp4/master.m3u8', after: [], resumed: [360] },
  { player: 'shaka-player', format: 'dash', url: '/dash/live.mpd', after: [], resumed: [360] },
  { player: 'dashjs', format: 'dash', url: '/dash/live.mpd', after: [], resumed: [180] },
  { player: 'bare', format: 'dash', url: '/dash', after: [], resumed: undefined },
] as const;

/** The path of a segment's pictures. */
const segment = (format: string, quality: string, position: number): RegExp => new RegExp(`^/${format}/${quality}/(video/)?${position}\\.`);

for (const { player, format, url, after, resumed } of cases) {
  test(`${player}, ${format}: a forced change of quality and back, a stall, no network for a while, a cut connection`, { timeout: 60_000 }, async () => {
    await open(player, { length: 8, published: 5 }, async (page, source) => {
      const down = source.obstruct(segment(format, 'high', 1), 'stall');
      const up = source.obstruct(segment(format, 'low', 3), 'stall');
      source.obstruct(segment(format, '(high|low)', 5), 'cut');
      assert.equal(await page.evaluate(() => live.tap()), 'opfs');
      const playing = page.evaluate(([player, url]) => live.play(player, url, 'high'), [player, url] as const);
      await down.met;
      await page.evaluate(() => live.choose('low'));
      down.lift();
      await up.met;
      await page.evaluate(() => live.choose('high'));
      up.lift();
      await playing;
      const failed = page.waitForEvent('requestfailed');
      await page.context().setOffline(true);
      await failed;
      source.publish(8);
      await page.context().setOffline(false);
      await page.evaluate(() => live.taped(16));
      const cut = await page.evaluate(() => live.clip(0, 100, '/clip'));
      assert.ok('duration' in cut, JSON.stringify(cut));
      const heights = [360, 180, 360, ...after];
      await assertClip(source.posted.get('/clip'), join(folder, 'switch.mp4'), cut.duration, { pictures: [0, 400], heights, sound: source.media.high });
      assert.deepEqual(await page.evaluate(() => live.told), []);
    });
  });

  if (!resumed) continue;
  test(`${player}, ${format}: a break of another size and sample rate, a segment that is not found at first`, { timeout: 60_000 }, async () => {
    await open(player, { length: 7, published: 7, pause: [2, 4] }, async (page, source) => {
      source.obstruct(segment(format, '(high|low)', 5), 404);
      await page.evaluate(() => live.tap());
      await page.evaluate(([player, url]) => live.play(player, url, 'high'), [player, url] as const);
      source.publish(7);
      await page.evaluate(() => live.taped(14));
      const whole = await page.evaluate(() => live.clip(0, 100, '/clip'));
      assert.ok('code' in whole && whole.code === 'configuration_change', JSON.stringify(whole));
      const ranges = [...whole.message.matchAll(/(-?[\d.]+) to ([\d.]+)/g)];
      assert.equal(ranges.length, 3, whole.message);
      const { high } = source.media;
      const parts: Expected[] = [{ pictures: [0, 100], heights: [360], sound: high }, { pictures: [100, 200], heights: [270], sound: source.media.break }, { pictures: [200, 350], heights: resumed, sound: high }];
      for (const [index, [, start, end]] of ranges.entries()) {
        const cut = await page.evaluate(([start, end]) => live.clip(start, end, '/part'), [Number(start), Number(end)] as const);
        assert.ok('duration' in cut, JSON.stringify(cut));
        await assertClip(source.posted.get('/part'), join(folder, 'part.mp4'), cut.duration, parts[index] as Expected);
      }
    });
  });
}

for (const [player, url] of [['hls.js', '/ts/master.m3u8'], ['shaka-player', '/dash/live.mpd']] as const) {
  test(`${player}: a tape that comes late has what the early script remembers, from the first picture on`, { timeout: 60_000 }, async () => {
    await open(player, { length: 6, published: 6 }, async (page, source) => {
      await page.evaluate(([player, url]) => live.play(player, url, 'high'), [player, url] as const);
      await page.waitForFunction(() => (document.querySelector('video')?.buffered.end(0) ?? 0) > 9.9);
      await page.evaluate(() => live.tap());
      await page.evaluate(() => live.taped(12));
      const cut = await page.evaluate(() => live.clip(0, 100, '/clip'));
      assert.ok('duration' in cut, JSON.stringify(cut));
      await assertClip(source.posted.get('/clip'), join(folder, 'late.mp4'), cut.duration, { pictures: [0, 300], heights: [360], sound: source.media.high });
    });
  });
}
