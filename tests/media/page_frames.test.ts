// The sample as Chromium shows it, by MSE without an edit list: an independent reading of its times.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { serve, type Site } from '../browser/site.ts';
import { pageFrameReader, type PageFrameReader } from './page_frames.ts';

declare global {
  var frameReader: PageFrameReader;
}

let browser: Browser;
let site: Site;

before(async () => {
  [browser, site] = await Promise.all([
    launchChromium(),
    serve({ '/': { type: 'text/html', body: '<!doctype html><video muted></video>' }, '/sample.mp4': { file: 'www/demo/sample/sample.mp4' } }),
  ]);
});

after(async () => {
  await browser?.close();
  await site?.close();
});

test('the picture at time t is frame 25 t, and playing shows successive frames', { timeout: 30_000 }, async () => {
  const page = await browser.newPage();
  await page.goto(site.origin);
  await page.evaluate(pageFrameReader());
  const { at, watched } = await page.evaluate(async () => {
    const video = document.querySelector('video') as HTMLVideoElement;
    const source = new MediaSource();
    video.src = URL.createObjectURL(source);
    await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
    const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.64001e,mp4a.40.2"');
    buffer.appendBuffer(await (await fetch('/sample.mp4')).arrayBuffer());
    await new Promise((resolve) => buffer.addEventListener('updateend', resolve, { once: true }));
    source.endOfStream();
    const at: [number, number | null][] = [];
    for (const frame of [0, 1, 2, 49, 50, 51, 125, 397, 399]) {
      at.push([frame, await frameReader.seek(video, (frame + 0.5) / 25)]);
    }
    await frameReader.seek(video, 4.02);
    const watching = frameReader.watch(video, 20);
    await video.play();
    return { at, watched: await watching };
  });
  for (const [frame, number] of at) assert.equal(number, frame);
  assert.equal(watched.length, 20);
  for (const { mediaTime, number } of watched) assert.equal(number, Math.round(mediaTime * 25));
  await page.close();
});
