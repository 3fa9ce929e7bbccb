// A recording plays from the edge, while it grows and after: hls.js, Chromium's own HLS player, ffmpeg.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { audioPackets, decodeSound, soundDelay } from '../media/audio.ts';
import { continuity, readFrames, type Frame } from '../media/frames.ts';
import { complaints, runTool } from '../media/tool.ts';
import { DemoPage, type Stopped } from '../pages/demo_page.ts';
import { edge, fetchBytes, fetchText, mediaPlaylist, type MediaPlaylist } from '../pages/edge.ts';
import { PlayerPage } from '../pages/player_page.ts';

let browser: Browser;
let folder: string;
let stopped: Stopped;
/** The media playlist as it was found while the recording grew, each version once. */
const versions: MediaPlaylist[] = [];
/** What hls.js showed while the recording grew. */
let live: { mediaTime: number; number: number | null }[];
/** Pictures of the edge's MP4, which recording.test.ts compares with the source. */
let pictures: readonly Frame[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-playback-'));
  browser = await launchChromium();
  const demo = await DemoPage.open(browser, 'ts');
  await demo.playing();
  const { playback } = await demo.record();
  const player = await PlayerPage.open(browser);
  // It comes before there is anything to play.
  const begun = player.playHls(playback.hls);
  await demo.recorded(4);
  await begun;
  const watching = player.watch(100);
  for (let seen = 0; seen < 3; ) {
    const now = await mediaPlaylist(playback.hls);
    if (now.text !== versions.at(-1)?.text) seen = versions.push(now);
    await demo.page.waitForTimeout(200);
  }
  live = await watching;
  stopped = await demo.stop();
  versions.push(await mediaPlaylist(playback.hls));
  await player.ended();
  await player.close();
  await demo.close();
  const mp4 = join(folder, 'video.mp4');
  await writeFile(mp4, await fetchBytes(playback.mp4));
  pictures = (await readFrames(mp4)).frames;
});

after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** The number that is right at `time` of the recording. */
function numberAt(time: number): number | null | undefined {
  return pictures.findLast(({ pts }) => pts <= time)?.number;
}

test('while recording: one playlist that only grows, and ends when the recording does', () => {
  const growing = versions.slice(0, -1);
  const last = versions.at(-1);
  assert.ok(last?.ended);
  for (const { text, ended } of growing) {
    assert.ok(!ended);
    assert.match(text, /^#EXT-X-PLAYLIST-TYPE:EVENT$/m);
  }
  versions.slice(1).forEach((version, index) => {
    const before = versions[index];
    assert.equal(version.url, before?.url);
    assert.deepEqual(version.segments.slice(0, before?.segments.length), before?.segments);
    assert.deepEqual(version.durations.slice(0, before?.durations.length), before?.durations);
    assert.ok(version.segments.length >= (before?.segments.length ?? 0));
  });
  const sum = last.durations.reduce((sum, duration) => sum + duration, 0);
  assert.ok(Math.abs(sum - stopped.duration) < 0.001, `EXTINF adds up to ${sum} s, ${stopped.duration} s were recorded`);
  const target = Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(last.text)?.[1]);
  assert.ok(last.durations.every((duration) => Math.round(duration) <= target));
});

test('while recording: hls.js plays it, from its beginning, picture after picture', () => {
  assert.deepEqual(continuity(live.map(({ number }) => number)).doubled, 0);
  const [first] = live;
  assert.ok(first);
  // Not every picture is composited on a busy machine, but each shown is the one of its time.
  for (const { mediaTime, number } of live) {
    assert.equal(number, ((first.number ?? NaN) + Math.round((mediaTime - first.mediaTime) * 25)) % 400);
  }
});

test('the multivariant playlist names codecs, resolution and a bandwidth', async () => {
  const text = await fetchText(stopped.playback.hls);
  assert.match(text, /#EXT-X-STREAM-INF:.*CODECS="avc1\.64001e,mp4a\.40\.2"/);
  assert.match(text, /RESOLUTION=640x360/);
  assert.match(text, /BANDWIDTH=\d{5,}/);
});

/** Plays to the end, then looks at several times. */
async function playThrough(player: PlayerPage): Promise<void> {
  const begin = await player.begin();
  assert.ok(begin < 0.2, `begins at ${begin} s`);
  const length = pictures.length / 25;
  const seen = [];
  for (const part of [0, 0.3, 0.55, 0.8, 0.2, 0.95]) {
    const time = (Math.floor(part * length * 25) + 0.5) / 25;
    seen.push([time, await player.seek(begin + time), numberAt(time)] as const);
  }
  for (const [time, shown, right] of seen) assert.equal(shown, right, `at ${time} s`);
  await player.seek(length - 1);
  const watching = player.watch(15);
  await player.play();
  for (const { mediaTime, number } of await watching) assert.equal(number, numberAt(mediaTime - begin + 0.01), `at ${mediaTime} s`);
  await player.ended();
}

test('finished: it plays in hls.js to its end, the right picture at every time', async () => {
  const player = await PlayerPage.open(browser);
  await player.playHls(stopped.playback.hls);
  await player.pause();
  await playThrough(player);
  await player.close();
});

test("finished: it plays in Chromium's own HLS player to its end, the right picture at every time", async () => {
  const player = await PlayerPage.open(browser);
  await player.playUrl(stopped.playback.hls);
  await playThrough(player);
  await player.close();
});

test('finished: the MP4 plays in Chromium to its end, the right picture at every time', async () => {
  const player = await PlayerPage.open(browser);
  await player.playUrl(stopped.playback.mp4);
  await playThrough(player);
  await player.close();
});

test('finished: ffmpeg pulls the HLS without a message, and has the packets of the MP4', async () => {
  const { stderr } = await runTool('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'level+info', '-i', stopped.playback.hls, '-f', 'null', '-']);
  assert.deepEqual(complaints(stderr), []);
  const [hls, mp4] = await Promise.all([audioPackets(stopped.playback.hls), audioPackets(stopped.playback.mp4)]);
  assert.deepEqual(hls.map(({ sha256 }) => sha256), mp4.map(({ sha256 }) => sha256));
  const { frames, messages } = await readFrames(stopped.playback.hls);
  assert.deepEqual(messages, []);
  assert.deepEqual(frames.map(({ number }) => number), pictures.map(({ number }) => number));
  const delay = soundDelay(await decodeSound(stopped.playback.hls), frames);
  assert.ok(Math.abs(delay) < 1024 / 48_000, `sound is ${delay} s late`);
});

test('the playback page: HLS plays, the MP4 has a working seek bar, the download is the MP4', async () => {
  const page: Page = await (await browser.newContext({ acceptDownloads: true })).newPage();
  await page.goto(stopped.playback.page);
  await page.waitForFunction(() => (document.querySelector<HTMLVideoElement>('#hls')?.readyState ?? 0) >= HTMLMediaElement.HAVE_CURRENT_DATA);
  await page.locator('#mp4-tab').click();
  await page.waitForFunction(() => (document.querySelector<HTMLVideoElement>('#mp4')?.readyState ?? 0) >= HTMLMediaElement.HAVE_CURRENT_DATA);
  const seekable = await page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>('#mp4');
    return video ? [video.seekable.start(0), video.seekable.end(0), video.duration] : [];
  });
  assert.equal(seekable[0], 0);
  assert.equal(seekable[1], seekable[2]);
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#download').click()]);
  assert.equal(download.suggestedFilename(), `${stopped.id}.mp4`);
  await page.context().close();
  const head = await fetch(stopped.playback.mp4, { method: 'HEAD' });
  assert.equal(head.headers.get('content-type'), 'video/mp4');
  assert.ok(stopped.playback.mp4.startsWith(edge));
});
