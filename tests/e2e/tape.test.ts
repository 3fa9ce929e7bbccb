// One tape used in many ways: recordings one after another, clips open meanwhile, very short ones, no private file system.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { continuity } from '../media/frames.ts';
import { samplePath } from '../media/sample.ts';
import { DemoPage } from '../pages/demo_page.ts';
import { edge, fetchBytes, mediaPlaylist, recordingState } from '../pages/edge.ts';
import { PictureReader, readPackets } from '../pages/mp4.ts';
import { soundContinuity } from '../pages/series.ts';

let browser: Browser;
let reader: PictureReader;
let source: readonly string[];

before(async () => {
  browser = await launchChromium();
  reader = await PictureReader.open(browser);
  source = (await readPackets(new Uint8Array(await readFile(samplePath)))).audio.map(({ sha256 }) => sha256);
});

after(async () => {
  await reader?.close();
  await browser?.close();
});

/** Fails unless every picture and every packet of an MP4 follows the one before; gives its numbers. */
async function assertWhole(mp4: Uint8Array<ArrayBuffer>): Promise<(number | null)[]> {
  const numbers = (await reader.read(mp4)).map(({ number }) => number);
  assert.ok(numbers.length > 0);
  assert.deepEqual(continuity(numbers), { frames: numbers.length, missing: 0, doubled: 0, misread: 0 });
  const { audio } = await readPackets(mp4);
  assert.deepEqual(soundContinuity(audio, source), { packets: audio.length, missing: 0, doubled: 0, unknown: 0, displaced: 0 });
  return numbers;
}

test('two recordings one after the other, clips cut and left open meanwhile: all are whole', { timeout: 90_000 }, async () => {
  const demo = await DemoPage.open(browser, 'ts');
  await demo.playing();
  // Pressed and pressed again: as short as can be.
  const shortest = await demo.record().then(() => demo.stop());
  const first = await demo.record();
  await demo.recorded(4);
  const during = await demo.clip();
  const another = await demo.exportAll();
  await demo.recorded(8);
  const firstEnd = await demo.stop();
  const second = await demo.record();
  assert.notEqual(second.id, first.id);
  await demo.recorded(4);
  const secondEnd = await demo.stop();
  const afterwards = await demo.exportAll();

  await assertWhole(await fetchBytes(firstEnd.playback.mp4));
  await assertWhole(await fetchBytes(secondEnd.playback.mp4));
  await assertWhole(new Uint8Array(await readFile(await during.download.path())));
  await assertWhole(another.mp4);
  await assertWhole(afterwards.mp4);
  assert.ok(firstEnd.duration >= 8 && secondEnd.duration >= 4);

  const state = await recordingState(shortest.id);
  assert.equal(state.state, 'finished');
  assert.ok(state.objects > 0, 'what was buffered when Stop was pressed is recorded');
  assert.ok((await mediaPlaylist(shortest.playback.hls)).ended);
  await assertWhole(await fetchBytes(shortest.playback.mp4));
  await demo.close();
});

test('a clip shows exactly the asked pictures', { timeout: 60_000 }, async () => {
  const demo = await DemoPage.open(browser, 'fmp4');
  await demo.playing();
  await demo.page.waitForFunction(() => {
    const window = document.querySelector('live-tape')?.tape?.window;
    return window && window.end - window.start > 7;
  });
  const clips = await demo.page.evaluate(async () => {
    const tape = document.querySelector('live-tape')?.tape;
    if (!tape) throw new Error('no tape');
    const cut = async (start: number, end: number): Promise<{ start: number; duration: number; bytes: number[] }> => {
      const clip = await tape.clip({ start, end });
      return { start: clip.start, duration: clip.duration, bytes: [...new Uint8Array(await clip.blob.arrayBuffer())] };
    };
    const { start } = tape.window;
    return { whole: await cut(start, start + 6), part: await cut(start + 1.5, start + 4.5), from: start };
  });
  const whole = await reader.read(Uint8Array.from(clips.whole.bytes));
  const part = await reader.read(Uint8Array.from(clips.part.bytes));
  const expected = whole.find(({ time }) => time >= clips.part.start - clips.whole.start - 0.001)?.number;
  assert.equal(part[0]?.number, expected);
  assert.ok(Math.abs(clips.part.start - clips.from - 1.5) < 0.041, `begins at ${clips.part.start}`);
  const shown = part.filter(({ time }) => time < clips.part.duration - 0.001).map(({ number }) => number);
  assert.ok(Math.abs(shown.length - 75) <= 1, `${shown.length} pictures in 3 s`);
  assert.deepEqual(continuity(shown), { frames: shown.length, missing: 0, doubled: 0, misread: 0 });
  await demo.close();
});

test('a second page of the same origin leaves the tape of the first alone', { timeout: 60_000 }, async () => {
  const demo = await DemoPage.open(browser, 'ts');
  await demo.playing();
  // Nothing more is appended, so after a clip no reel is open.
  await demo.page.route('**/ts/*.ts', (route) => route.abort());
  await demo.page.waitForEvent('requestfailed', (request) => request.url().endsWith('.ts'));
  const before = await demo.exportAll();
  const second = await demo.page.context().newPage();
  await second.goto(`${edge}/`);
  await second.waitForFunction(() => document.querySelector('live-tape')?.tape?.storage === 'opfs');
  // What a third page's clean-up would do to both folders.
  const removals = await second.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('livetape');
    const results: string[] = [];
    for await (const name of folder.keys()) {
      results.push(await folder.removeEntry(name, { recursive: true }).then(() => 'removed', (error: DOMException) => error.name));
    }
    return results;
  });
  assert.deepEqual(removals, ['NoModificationAllowedError', 'NoModificationAllowedError']);
  const after = await demo.exportAll();
  assert.deepEqual(Buffer.from(after.mp4), Buffer.from(before.mp4));
  await assertWhole(after.mp4);
  await demo.close();
});

/** Makes the origin private file system unavailable, in the page and in the worker. */
async function withoutPrivateFiles(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => Reflect.deleteProperty(StorageManager.prototype, 'getDirectory'));
  await context.route('**/livetape/worker.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `delete StorageManager.prototype.getDirectory;${await response.text()}` });
  });
}

test('without an origin private file system the tape is kept in memory, and records and clips as well', { timeout: 60_000 }, async () => {
  const demo = await DemoPage.open(browser, 'ts', withoutPrivateFiles);
  await demo.playing();
  assert.equal(await demo.page.evaluate(() => document.querySelector('live-tape')?.tape?.storage), 'memory');
  await demo.record();
  await demo.recorded(4);
  const clip = await demo.clip();
  await demo.recorded(6);
  const { playback, duration } = await demo.stop();
  const numbers = await assertWhole(await fetchBytes(playback.mp4));
  assert.ok(Math.abs(numbers.length / 25 - duration) < 0.001, `${numbers.length} pictures in ${duration} s`);
  await assertWhole(new Uint8Array(await readFile(await clip.download.path())));
  await demo.close();
});
