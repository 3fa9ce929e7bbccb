// hls.js in Firefox, and in WebKitGTK, which has no private file system: there the tape is in memory.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launchFirefox } from '../browser/firefox.ts';
import { launchWebKit, noWebKit } from '../browser/webkit.ts';
import { playerPages, type Cut } from './players.ts';
import { LiveSource } from './source.ts';
import { assertClip } from './verify.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-live-clips-'));
});

after(() => rm(folder, { recursive: true }));

/** What drives a page: the value of an expression, or what its promise comes to. */
interface Driven {
  goto(url: string): Promise<unknown>;
  evaluate(script: string): Promise<unknown>;
}

interface Driver {
  newPage(): Promise<Driven>;
  close(): Promise<void>;
}

/** Through a change of quality and a broken connection, after which hls.js changes back by itself; then a clip of it all. */
async function watch(launch: () => Promise<Driver>, format: 'ts' | 'fmp4', storage: string): Promise<void> {
  const source = await LiveSource.start({ length: 8, published: 5 }, await playerPages(['hls.js']));
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`${source.origin}/hls.js.html`);
    assert.equal(await page.evaluate('live.tap()'), storage);
    const down = source.obstruct(new RegExp(`^/${format}/high/1\\.`), 'stall');
    source.obstruct(new RegExp(`^/${format}/low/4\\.`), 'cut');
    const late = new Promise<never>((_, reject) => setTimeout(reject, 45_000, new Error(`not done after 45 s; asked for: ${source.requests.slice(-20).join(' ')}`)).unref());
    const run = async (): Promise<unknown> => {
      await page.evaluate(`void (live.playing = live.play('hls.js', '/${format}/master.m3u8', 'high'))`);
      await down.met;
      await page.evaluate(`live.choose('low')`);
      down.lift();
      await page.evaluate('live.playing');
      source.publish(8);
      await page.evaluate('live.taped(16)');
      return page.evaluate(`live.clip(0, 100, '/clip')`);
    };
    const cut = (await Promise.race([run(), late])) as Cut;
    assert.ok('duration' in cut, JSON.stringify(cut));
    await assertClip(source.posted.get('/clip'), join(folder, 'clip.mp4'), cut.duration, { pictures: [0, 400], heights: [360, 180, 360], sound: source.media.high });
    assert.deepEqual(await page.evaluate('live.told'), []);
  } finally {
    await browser.close();
    await source.close();
  }
}

for (const format of ['ts', 'fmp4'] as const) {
  test(`Firefox, ${format}: every picture and packet is on the tape`, { timeout: 80_000 }, () => watch(launchFirefox, format, 'opfs'));
  test(`WebKitGTK, ${format}: every picture and packet is on the tape, in memory`, { timeout: 80_000, skip: noWebKit }, () => watch(launchWebKit, format, 'memory'));
}
