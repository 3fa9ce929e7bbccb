// The README's snippet, copied as it is into an empty page: with each player its button records what is played, to the edge.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type {} from '../../www/sdk/src/element.ts';
import { launchChromium } from '../browser/chromium.ts';
import { readFrames } from '../media/frames.ts';
import { edge, fetchBytes, type Playback } from '../pages/edge.ts';
import { playerPages } from './players.ts';
import { LiveSource } from './source.ts';
import { assertClip } from './verify.ts';

let browser: Browser;
let folder: string;
let snippet: string;
/** The address of an edge in the snippet. */
let example: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-snippet-'));
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  snippet = /```html\n(.*?<live-tape .*?)```/s.exec(readme)?.[1] ?? '';
  example = / edge="(https:[^"]+)"/.exec(snippet)?.[1] ?? '';
  assert.ok(example, 'the README has the snippet');
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

const cases = [
  { player: 'hls.js', url: '/ts/master.m3u8' },
  { player: 'shaka-player', url: '/dash/live.mpd' },
  { player: 'dashjs', url: '/dash/live.mpd' },
  { player: 'bare', url: '/dash' },
] as const;

for (const { player, url } of cases) {
  test(`the README’s snippet with ${player}: what is recorded is what was played`, { timeout: 90_000 }, async () => {
    const source = await LiveSource.start({ length: 6, published: 6 }, await playerPages([player], snippet));
    const context = await browser.newContext();
    // The example's edge is the one that the tests are given.
    await context.route(`${example}/**`, async (route) => route.fulfill({ response: await route.fetch({ url: route.request().url().replace(example, edge) }) }));
    const page = await context.newPage();
    try {
      await page.goto(`${source.origin}/${player}.html`);
      await page.waitForFunction(() => document.querySelector('live-tape')?.tape);
      await page.evaluate(([player, url]) => live.play(player, url, 'high'), [player, url] as const);
      await page.waitForFunction(() => (document.querySelector('live-tape')?.tape?.window.end ?? 0) > 11.9, undefined, { timeout: 30_000 });
      const stopped = page.evaluate(() => new Promise<{ playback: Playback; duration: number }>((resolve, reject) => {
        addEventListener('livetape-stop', ({ detail: { playback, duration } }) => resolve({ playback, duration }));
        addEventListener('livetape-error', ({ detail }) => reject(new Error(`${detail.code}: ${detail.message}`)));
      }));
      await page.locator('live-tape #record:enabled').click();
      await page.waitForFunction(() => (document.querySelector('live-tape')?.recording?.progress.elapsed ?? 0) > 3);
      await page.locator('live-tape #record:enabled').click();
      const { playback, duration } = await stopped;
      const file = join(folder, `${player}.mp4`);
      const mp4 = Buffer.from(await fetchBytes(playback.mp4.replace(example, edge)));
      await writeFile(file, mp4);
      const { frames } = await readFrames(file);
      const first = frames[0]?.number ?? -1;
      assert.ok(first >= 0 && first % 50 === 0, `begins with the keyframe of what is seen, not with ${first}`);
      await assertClip(mp4, file, duration, { pictures: [first, 300], heights: [360], sound: source.media.high });
    } finally {
      await context.close();
      await source.close();
    }
  });
}
