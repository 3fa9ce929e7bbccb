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
import { assertClip } from './verify.ts';

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
  const source = await LiveSource.start(plan, await playerPages(player));
  const context = await browser.newContext();
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  try {
    await page.goto(`${source.origin}/${player}.html`);
    assert.equal(await page.evaluate(() => live.tap()), 'opfs');
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

const cases = [
  { player: 'hls.js', format: 'ts', url: '/ts/master.m3u8' },
  { player: 'hls.js', format: 'fmp4', url: '/fmp4/master.m3u8' },
  { player: 'shaka-player', format: 'fmp4', url: '/fmp4/master.m3u8' },
  { player: 'shaka-player', format: 'dash', url: '/dash/live.mpd' },
  { player: 'dashjs', format: 'dash', url: '/dash/live.mpd' },
  { player: 'bare', format: 'dash', url: '/dash' },
] as const;

/** The path of a segment's pictures. */
const segment = (format: string, quality: string, position: number): RegExp => new RegExp(`^/${format}/${quality}/(video/)?${position}\\.`);

for (const { player, format, url } of cases) {
  test(`${player}, ${format}: a forced change of quality and back, a stall, a cut connection`, { timeout: 60_000 }, async () => {
    await open(player, { length: 8, published: 5 }, async (page, source) => {
      const down = source.obstruct(segment(format, 'high', 1), 'stall');
      const up = source.obstruct(segment(format, 'low', 3), 'stall');
      source.obstruct(segment(format, '(high|low)', 5), 'cut');
      const playing = page.evaluate(([player, url]) => live.play(player, url, 'high'), [player, url] as const);
      await down.met;
      await page.evaluate(() => live.choose('low'));
      down.lift();
      await up.met;
      await page.evaluate(() => live.choose('high'));
      up.lift();
      await playing;
      source.publish(8);
      await page.evaluate(() => live.taped(16));
      const file = join(folder, `${player}-${format}-switch.mp4`);
      const cut = await page.evaluate(() => live.clip(0, 100, '/clip'));
      console.log(JSON.stringify(cut), JSON.stringify(await page.evaluate(() => live.told)), source.requests.filter((path) => /\d\.(ts|m4s)/.test(path)).join(' '));
      assert.ok('duration' in cut, JSON.stringify(cut));
      await assertClip(source.posted.get('/clip'), file, cut.duration, { pictures: [0, 400], heights: [360, 180, 360], sound: source.media.high });
      assert.deepEqual(await page.evaluate(() => live.told), []);
    });
  });
}
