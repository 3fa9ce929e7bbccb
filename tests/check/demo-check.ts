// Tries the demo as a person would, in headless Chromium, and measures: `cargo xtask demo --headless-check`.
//
// Needs a running edge with the demo's source, Chromium, playwright-core and mediabunny; no ffmpeg. Exits 0 when all is
// within limits.ts, else 1.
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { continuity } from '../media/frames.ts';
import { pageFrameReader } from '../media/page_frames.ts';
import { samplePath } from '../media/sample.ts';
import { DemoPage } from '../pages/demo_page.ts';
import { fetchBytes } from '../pages/edge.ts';
import { PictureReader, readPackets, type Packets, type Picture } from '../pages/mp4.ts';
import { soundContinuity } from '../pages/series.ts';
import { report, type Measured, type Series } from './limits.ts';

/** Seconds that the recording goes on after Record was pressed, at least; and that it must hold. */
const seconds = 20;

const streams = [
  ['MPEG-TS', 'ts'],
  ['fragmented MP4', 'fmp4'],
] as const;

function pictureSeries(pictures: readonly Picture[]): Series {
  const { frames, missing, doubled, misread } = continuity(pictures.map(({ number }) => number));
  return { count: frames, missing: missing + misread, doubled };
}

function soundSeries({ audio }: Packets, source: Packets): Series {
  const { packets, missing, doubled, unknown, displaced } = soundContinuity(audio, source.audio.map(({ sha256 }) => sha256));
  return { count: packets, missing: missing + unknown + displaced, doubled };
}

/** Seeks to `time` after `begin` and gives what is wrong with the picture there, compared with the recording's own. */
async function wrongAt(page: Page, id: 'hls' | 'mp4', time: number, pictures: readonly Picture[], begin: number): Promise<string[]> {
  const shown = await page.evaluate(
    ([id, time]) => frameReader.seek(document.getElementById(id) as HTMLVideoElement, time),
    [id, begin + time] as const,
  );
  const right = pictures.findLast((picture) => picture.time <= time)?.number;
  return shown === right ? [] : [`${id} shows ${shown} instead of ${right} at ${time.toFixed(2)} s`];
}

/** Opens the playback link: HLS plays, and both players' seek bars reach the right picture. */
async function watch(demo: DemoPage, pictures: readonly Picture[]): Promise<string[]> {
  const [page] = await Promise.all([demo.page.context().waitForEvent('page'), demo.page.locator('live-tape [part=watch]').click()]);
  await page.evaluate(pageFrameReader());
  await page.waitForFunction(() => document.querySelector<HTMLVideoElement>('#hls')?.readyState === HTMLMediaElement.HAVE_ENOUGH_DATA);
  const { begin, seen } = await page.evaluate(async () => {
    const video = document.querySelector<HTMLVideoElement>('#hls');
    if (!video) throw new Error('no video');
    video.muted = true;
    const watching = frameReader.watch(video, 10);
    // HLS keeps the media's own times: its first picture need not be at 0.
    const begin = video.buffered.start(0);
    await video.play();
    const seen = await watching;
    video.pause();
    return { begin, seen };
  });
  const wrong = continuity(seen.map(({ number }) => number)).doubled || seen.some(({ number }) => number === null) ? ['hls does not play on'] : [];
  if (begin > 0.2) wrong.push(`hls begins at ${begin.toFixed(2)} s`);
  const length = pictures.at(-1)?.time ?? 0;
  // Between two pictures' beginnings, so that rounding cannot matter.
  const middle = (part: number): number => (Math.floor(length * part * 25) + 0.5) / 25;
  for (const part of [0.5, 0.9, 0.1]) wrong.push(...(await wrongAt(page, 'hls', middle(part), pictures, begin)));
  await page.locator('#mp4-tab').click();
  await page.waitForFunction(() => (document.querySelector<HTMLVideoElement>('#mp4')?.readyState ?? 0) >= HTMLMediaElement.HAVE_CURRENT_DATA);
  for (const part of [0.5, 0.9, 0.1]) wrong.push(...(await wrongAt(page, 'mp4', middle(part), pictures, 0)));
  await page.close();
  return wrong;
}

async function measure(browser: Browser, reader: PictureReader, source: Packets, stream: 'ts' | 'fmp4'): Promise<Measured> {
  const demo = await DemoPage.open(browser, stream);
  await demo.playing();
  const pressed = performance.now();
  await demo.record();
  await demo.recorded(seconds);
  await demo.page.waitForTimeout(Math.max(0, seconds * 1000 - (performance.now() - pressed)));
  const stopped = await demo.stop();
  const clip = await demo.clip();
  const clip20Export = await demo.page.evaluate(async () => {
    const tape = document.querySelector('live-tape')?.tape;
    const begun = performance.now();
    const clip = await tape?.clip({ last: 20 });
    const took = performance.now() - begun;
    clip?.close();
    return took;
  });
  const recorded = await fetchBytes(stopped.playback.mp4);
  const saved = new Uint8Array(await readFile(await clip.download.path()));
  const pictures = await reader.read(recorded);
  const wrongPictures = await watch(demo, pictures);
  const measured = {
    recordedFrames: pictureSeries(pictures),
    recordedPackets: soundSeries(await readPackets(recorded), source),
    recordedBytes: recorded.length,
    clipFrames: pictureSeries(await reader.read(saved)),
    clipPackets: soundSeries(await readPackets(saved), source),
    clipBytes: saved.length,
    stopToPlayable: stopped.playableAfter,
    clipExport: clip.readyAfter,
    clip20Export,
    wrongPictures,
  };
  await demo.close();
  return measured;
}

const browser = await launchChromium();
const failures: string[] = [];
try {
  const reader = await PictureReader.open(browser);
  const source = await readPackets(new Uint8Array(await readFile(samplePath)));
  for (const [name, stream] of streams) failures.push(...report(name, await measure(browser, reader, source, stream)));
  await reader.close();
} catch (error) {
  failures.push(error instanceof Error ? error.message : String(error));
} finally {
  await browser.close();
}
console.log(failures.length ? `\nFAILED\n${failures.map((line) => `  ${line}`).join('\n')}` : '\nAll within limits.');
process.exitCode = failures.length ? 1 : 0;
