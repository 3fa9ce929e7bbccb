// Players in a browser: hls.js and Chromium's own HLS.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pageFrameReader } from '../media/page_frames.ts';
import { apiKey, call, create, finish, putConfig, putEndless, putFragment, recordSample } from './edge.ts';
import { launchPlayers, look, played, type Players, type Reading } from './player_pages.ts';

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

for (const player of ['hls.js', 'native'] as const) {
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

  for (const kind of ['hls', 'ts'] as const) {
    if (player === 'native' && kind === 'ts') continue; // of Chromium's own player fMP4 is asked only
    test(`${player} plays a broadcast (${kind}) across the end of a round`, async () => {
      const recording = await recordSample();
      const body = JSON.stringify({ start: Date.now() - 21_000, loop: true });
      const answer = await call('POST', `${recording.ingest_url}/broadcasts`, { token: apiKey, body });
      const tab = await players.open(answer.body.playback[kind], player);
      const first = await played(tab, 0.1);
      const later = await played(tab, first.time + 6);
      assert.deepEqual(later.fatal, []);
      assert.ok(later.time >= first.time + 6);
      await tab.close();
    });
  }
}
