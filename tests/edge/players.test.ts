// Players: hls.js, shaka-player and Chromium's own in a browser; GStreamer without one.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layout } from '../media/cells.ts';
import { readFrames } from '../media/frames.ts';
import { pageFrameReader } from '../media/page_frames.ts';
import { runTool } from '../media/tool.ts';
import { apiKey, call, create, finish, putConfig, putEndless, putFragment, recordSample } from './edge.ts';
import { launchPlayers, look, played, type Player, type Players, type Reading } from './player_pages.ts';

const all: readonly Player[] = ['hls.js', 'shaka', 'native'];
let players: Players;

before(async () => {
  players = await launchPlayers();
});

after(() => players.close());

test('hls.js opened before the first object is stored waits, plays on as it grows, and sees the end', async () => {
  const recording = await create();
  const tab = await players.open(recording.playback.hls, 'hls.js');
  await putConfig(recording);
  for (let seq = 0; seq < 4; seq += 1) await putFragment(recording, seq);
  const early = await played(tab, 1);
  assert.deepEqual(early.fatal, []);
  assert.equal(early.live, true);
  for (let seq = 4; seq < 8; seq += 1) await putFragment(recording, seq);
  await finish(recording, { objects: { main: 8 } });
  // The playlist is asked for again within its target duration.
  await tab.waitForFunction(() => (window as unknown as { seen: { live?: boolean } }).seen.live === false, undefined, { timeout: 20_000 });
  const end = await look(tab);
  assert.deepEqual(end.fatal, []);
  assert.ok(Math.abs(end.duration - 16) < 0.1, `${end.duration} s`);
  await tab.close();
});

test('hls.js asks for updates of a long playlist, and follows it by them', async () => {
  const recording = await create();
  await putConfig(recording);
  for (let seq = 0; seq < 24; seq += 1) await putEndless(recording, seq);
  const tab = await players.browser.newPage();
  const asked: string[] = [];
  tab.on('response', async (response) => {
    if (response.url().includes('media.m3u8')) asked.push(new URL(response.url()).search);
  });
  await players.start(tab, recording.playback.hls, 'hls.js');
  await played(tab, 1);
  for (let seq = 24; seq < 27; seq += 1) await putEndless(recording, seq);
  await finish(recording);
  await tab.waitForFunction(() => (window as unknown as { seen: { live?: boolean } }).seen.live === false, undefined, { timeout: 20_000 });
  const end = await look(tab);
  assert.deepEqual(end.fatal, []);
  assert.ok(Math.abs(end.duration - 54) < 0.1, `${end.duration} s`);
  assert.equal(asked[0], '');
  assert.ok(asked.length > 1 && asked.slice(1).every((query) => query === '?_HLS_skip=YES'), asked.join());
  await tab.close();
});

for (const player of all) {
  test(`${player} shows a clip's pictures at their times`, async () => {
    const recording = await recordSample();
    const clip = await call('POST', `${recording.ingest_url}/clips`, { token: apiKey, body: JSON.stringify({ start: 5.48, end: 10.52 }) });
    const tab = await players.browser.newPage();
    await tab.addInitScript(pageFrameReader());
    await players.start(tab, clip.body.playback.hls, player, false);
    // EXT-X-START sends hls.js behind what is there for decoding alone; Chromium's own player does not know it.
    const begins = player === 'hls.js' ? 0.001 : 0;
    await tab.waitForFunction((least) => {
      const { readyState, seeking, currentTime } = document.querySelector('video') as HTMLVideoElement;
      return readyState >= 2 && !seeking && currentTime >= least;
    }, begins, { timeout: 30_000 });
    assert.ok((await look(tab)).time < 0.01);
    // 37 pictures of a tick, 3 ms in all, come first.
    const shown = await tab.evaluate(async () => {
      const video = document.querySelector('video') as HTMLVideoElement;
      const seen: (number | null)[] = [];
      for (const index of [13, 0, 1, 12, 62, 63, 112, 124]) seen.push(await (globalThis as unknown as Reading).frameReader.seek(video, index * 0.04 + 0.02));
      return seen;
    });
    assert.deepEqual(shown, [150, 137, 138, 149, 199, 200, 249, 261]);
    await tab.close();
  });

  test(`${player} plays a finished recording to its end`, async () => {
    const recording = await recordSample();
    const tab = await players.open(recording.playback.hls, player);
    await played(tab, 0.1);
    await tab.evaluate(() => ((document.querySelector('video') as HTMLVideoElement).currentTime = 14.5));
    await tab.waitForFunction(() => (document.querySelector('video') as HTMLVideoElement).ended, undefined, { timeout: 30_000 });
    const { fatal, duration, ended } = await look(tab);
    assert.deepEqual([fatal, ended], [[], true]);
    assert.ok(Math.abs(duration - 16) < 0.1, `${duration} s`);
    await tab.close();
  });
}

for (const kind of ['hls', 'ts'] as const) {
  test(`a broadcast (${kind}) plays across the end of a round in all of them`, async () => {
    const recording = await recordSample();
    const body = JSON.stringify({ start: Date.now() - 21_000, loop: true });
    const answer = await call('POST', `${recording.ingest_url}/broadcasts`, { token: apiKey, body });
    // Of Chromium's own player fMP4 is asked only.
    const asked = all.filter((player) => player !== 'native' || kind === 'hls');
    await Promise.all(asked.map(async (player) => {
      const tab = await players.open(answer.body.playback[kind], player);
      const first = await played(tab, 0.1);
      const later = await played(tab, first.time + 6);
      assert.deepEqual(later.fatal, [], player);
      assert.ok(later.time >= first.time + 6, player);
      await tab.close();
    }));
  });
}

test('GStreamer decodes every picture of a finished recording, once', { skip: process.platform === 'linux' ? false : 'GStreamer is asked on Linux' }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'livetape-gstreamer-'));
  try {
    const pictures = join(folder, 'pictures.raw');
    const { playback } = await recordSample();
    await runTool('gst-launch-1.0', ['-q', 'uridecodebin', `uri=${playback.hls}`, '!', 'videoconvert', '!', 'video/x-raw,format=GRAY8', '!', 'filesink', `location=${pictures}`]);
    const raw = ['-f', 'rawvideo', '-pixel_format', 'gray', '-video_size', `${layout.width}x${layout.height}`, '-framerate', '25'];
    const { frames } = await readFrames(pictures, raw);
    assert.deepEqual(frames.map(({ number }) => number), Array.from({ length: layout.frames }, (_, index) => index));
  } finally {
    await rm(folder, { recursive: true });
  }
});
