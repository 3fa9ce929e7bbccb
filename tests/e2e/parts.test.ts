// Recordings with pauses and marks, and clips sent to the edge: what it then plays, picture by picture.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import type { Site } from '../browser/site.ts';
import { continuity, readFrames } from '../media/frames.ts';
import { edge, fetchBytes, mediaPlaylist, recordingState, template } from '../pages/edge.ts';
import { numberAt, serveFed } from '../pages/fed_tape.ts';

let browser: Browser;
let site: Site;
/** A page with `<live-tape>`, which may record at the edge. */
let elementSite: Site;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-parts-'));
  const element = `<script type="module" src="/livetape/element.js"></script><live-tape for="video" clip="5" edge="${edge}" template="${template}"></live-tape>`;
  [browser, site, elementSite] = await Promise.all([launchChromium(), serveFed(), serveFed(element)]);
});

after(async () => {
  await browser?.close();
  await Promise.all([site?.close(), elementSite?.close()]);
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** A page with a tape that has one round on it; the viewer sees its start. */
async function open(): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(site.origin);
  await page.evaluate(async () => {
    await fed.open(600);
    await fed.feed(1);
  });
  return page;
}

/** Numbers of all pictures that are shown, which must be shown each for 40 ms. */
async function shown(name: string, url: string): Promise<(number | null)[]> {
  const file = join(folder, `${name}.mp4`);
  await writeFile(file, await fetchBytes(url));
  const { frames, messages } = await readFrames(file);
  assert.deepEqual(messages, []);
  const pictures = frames.filter(({ pts }) => pts > -0.001);
  pictures.forEach(({ pts }, index) => assert.ok(Math.abs(pts - index / 25) < 0.002, `${name}: picture ${index} at ${pts} s`));
  return pictures.map(({ number }) => number);
}

test('what lies between pause and resume is not in the recording; its marks split it', { timeout: 90_000 }, async () => {
  const page = await open();
  const metadata = { league: 'first "A"', 赛季: '2026\n' };
  const result = await page.evaluate(
    async ([edge, template, metadata]) => {
      const sees = (time: number): void => void Object.defineProperty(document.querySelector('video'), 'currentTime', { value: time, configurable: true });
      sees(12.5);
      const recording = await fed.tape.record({ edge, template, title: 'a game', metadata });
      await recording.pause();
      const states: string[] = [recording.state];
      await fed.feed(1);
      await recording.resume();
      states.push(recording.state);
      await fed.feed(1);
      sees(14);
      await recording.mark('in the first part');
      sees(40);
      await recording.mark('in the second');
      const result = await recording.stop();
      const untold = await fed.code(fed.tape.record({ edge, template, metadata: { league: 7 as unknown as string } }));
      return { ...result, states, untold, late: [await fed.code(recording.pause()), await fed.code(recording.mark())] };
    },
    [edge, template, metadata] as const,
  );
  assert.equal(result.untold, 'bad_option');
  assert.deepEqual(result.states, ['paused', 'recording']);
  assert.deepEqual(result.late, ['not_recording', 'not_recording']);
  assert.deepEqual(result.metadata, metadata);
  const kept = await recordingState(result.id);
  assert.deepEqual([kept.title, kept.metadata], ['a game', metadata]);
  // From the keyframe at 12 s to 16 s, and from 32 to 48 s.
  assert.ok(Math.abs(result.duration - 20) < 0.05, `${result.duration} s`);
  assert.deepEqual(result.markers.map(({ label, time }) => [label, time]), [['in the first part', 14], ['in the second', 40]]);
  const labels = result.chapters.map(({ label }) => label);
  assert.deepEqual(labels, ['', 'in the first part', 'in the second']);
  const all: (number | null)[] = [];
  for (const [index, { start, end, mp4 }] of result.chapters.entries()) {
    const pictures = await shown(`chapter ${index}`, mp4);
    assert.ok(Math.abs(pictures.length - (end - start) * 25) <= 1, `${pictures.length} pictures from ${start} to ${end} s`);
    const expected = [300, 350, 200][index] ?? -1;
    assert.ok(Math.abs((pictures[0] ?? -1) - expected) <= 1, `chapter ${index} begins with picture ${pictures[0]}`);
    all.push(...pictures);
  }
  // Rounds are alike: the first picture after the pause follows the last before it.
  assert.deepEqual(continuity(all), { frames: all.length, missing: 0, doubled: 0, misread: 0 });
  assert.ok(Math.abs(all.length - 500) <= 2, `${all.length} pictures`);
  await page.context().close();
});

test('a clip is uploaded exactly, with progress, while the tape goes on; an upload is cancelled', { timeout: 60_000 }, async () => {
  const page = await open();
  const seen = await page.evaluate(
    async ([edge, template]) => {
      const clip = await fed.tape.clip({ start: 5.2, end: 9 });
      const progress: { uploaded: number; bytes: number }[] = [];
      const uploading = clip.upload(edge, { template, title: 'a goal', metadata: { of: 'a clip' }, onProgress: (step) => progress.push(step) });
      await fed.feed(2);
      const uploaded = await uploading;
      const stop = new AbortController();
      const cancelled = fed.code(clip.upload(edge, { template, signal: stop.signal, onProgress: () => stop.abort() }));
      const codes = [await cancelled, await fed.code(clip.upload(edge, { template, signal: AbortSignal.abort() })), await fed.code(clip.upload(edge, {})), await fed.code(clip.upload(edge, { template: 'pub_none' })), await fed.code(clip.upload(edge, { token: 'no such token' }))];
      return { uploaded, progress, codes };
    },
    [edge, template] as const,
  );
  const { id, duration, bytes, playback } = seen.uploaded;
  assert.match(id, /^rec_/);
  assert.ok(Math.abs(duration - 3.8) < 1e-6);
  assert.deepEqual(seen.progress.at(-1), { uploaded: bytes, bytes });
  assert.deepEqual(seen.codes, ['cancelled', 'cancelled', 'bad_option', 'edge_refused', 'bad_access']);
  const kept = await recordingState(id);
  assert.deepEqual([kept.title, kept.metadata], ['a goal', { of: 'a clip' }]);
  const pictures = await shown('uploaded', playback.mp4);
  assert.deepEqual(pictures, Array.from({ length: 95 }, (_, index) => numberAt(5.2) + index));
  const playlist = await mediaPlaylist(playback.hls);
  assert.ok(playlist.ended);
  const seconds = playlist.durations.reduce((sum, length) => sum + length, 0);
  assert.ok(Math.abs(seconds - 3.8) < 0.2, `${seconds} s by HLS`);
  await page.context().close();
});

test('<live-tape> sends a clip to the edge; what takes long shows how far it is and can be cancelled', { timeout: 60_000 }, async () => {
  const page = await (await browser.newContext({ locale: 'en-US', acceptDownloads: true })).newPage();
  await page.goto(elementSite.origin);
  await page.locator('live-tape[state=idle]').waitFor();
  await page.evaluate(() => fed.feed(1));
  const press = (name: string): Promise<void> => page.getByRole('button', { name }).click();
  const cut = async (): Promise<void> => {
    await Promise.all([page.waitForEvent('download'), press('Clip last 5 s')]);
    await page.getByRole('button', { name: 'Send to the server' }).waitFor();
  };
  await cut();
  await press('Send to the server');
  const link = page.getByRole('link', { name: 'Watch the clip' });
  assert.match((await link.getAttribute('href')) ?? '', /\/watch\?id=rec_/);

  // From now on the edge takes no bytes.
  await page.context().route('**/objects/**', () => new Promise(() => undefined));
  await cut();
  await press('Send to the server');
  const bar = page.getByRole('progressbar', { name: 'Sending the clip…' });
  await bar.waitFor();
  await press('Cancel');
  await bar.waitFor({ state: 'hidden' });
  await page.getByRole('alert').filter({ hasText: 'cancelled' }).waitFor();

  await press('Record');
  await page.locator('live-tape[state=recording]').waitFor();
  await press('Stop');
  const finishing = page.getByRole('progressbar', { name: 'Finishing…' });
  await finishing.waitFor();
  await press('Cancel');
  await finishing.waitFor({ state: 'hidden' });
  await page.locator('live-tape[state=idle]').waitFor();
  await page.context().close();
});
