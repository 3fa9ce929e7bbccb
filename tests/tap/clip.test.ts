// The whole client without an edge: hls.js plays, the worker tapes, a clip is cut and read back by ffmpeg.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { serve, type Content, type Site } from '../browser/site.ts';
import { audioPackets, decodeSound, soundDelay, type AudioPacket } from '../media/audio.ts';
import { continuity, readFrames } from '../media/frames.ts';
import { ffmpegPictureDelay, samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';

let browser: Browser;
let site: Site;
/** A site that embeds the package as `site` serves it. */
let embedding: Site;
let folder: string;

let sourcePackets: AudioPacket[];

/** Length of an AAC packet. */
const packetSeconds = 1024 / 48_000;

const hlsJs = join(dirname(createRequire(import.meta.url).resolve('hls.js')), 'hls.min.js');

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-clip-'));
  const hls = ['-c', 'copy', '-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod'];
  await runTool('ffmpeg', ['-v', 'error', '-i', samplePath, ...hls, join(folder, 'ts.m3u8')]);
  await runTool('ffmpeg', ['-v', 'error', '-i', samplePath, ...hls, '-hls_segment_type', 'fmp4', join(folder, 'fmp4.m3u8')]);
  sourcePackets = await audioPackets(samplePath);
  const pages: Record<string, Content> = {
    '/page': { type: 'text/html', body: '<!doctype html><script src="/livetape/tap.js"></script><script src="/hls.js"></script><video muted></video>' },
    '/hls.js': { type: 'text/javascript', body: await readFile(hlsJs) },
  };
  for (const name of await readdir(folder)) pages[`/${name}`] = { type: 'application/octet-stream', body: await readFile(join(folder, name)) };
  [browser, site] = await Promise.all([launchChromium(), serve(pages)]);
  embedding = await serve({ '/page': { type: 'text/html', body: `<!doctype html><script src="${site.origin}/livetape/tap.js"></script><video muted></video>` } });
});

after(async () => {
  await browser?.close();
  await Promise.all([site?.close(), embedding?.close()]);
  if (folder) await rm(folder, { recursive: true });
});

for (const stream of ['ts', 'fmp4']) {
  test(`${stream}: a clip of all 16 s has every frame and every audio packet heard with them`, { timeout: 60_000 }, async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${site.origin}/page`);
    const clip = await page.evaluate(async (stream) => {
      const { LiveTape } = (await import('/livetape/index.js' as string)) as typeof import('../../www/sdk/src/index.ts');
      const video = document.querySelector('video') as HTMLVideoElement;
      const tape = await LiveTape.tap(video);
      const hls = new Hls({ maxBufferLength: 60 });
      hls.loadSource(`/${stream}.m3u8`);
      hls.attachMedia(video);
      await new Promise<void>((resolve) => tape.addEventListener('window', ({ detail }) => (detail.end - detail.start > 15.9 ? resolve() : undefined)));
      const clip = await tape.clip({ start: 0, end: 17 });
      const bytes = new Uint8Array(await clip.blob.arrayBuffer());
      let text = '';
      for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
      const { start, duration, tracks, headerBytes, copiedBytes } = clip;
      clip.close();
      tape.close();
      return { mp4: btoa(text), start, duration, tracks, headerBytes, copiedBytes, storage: tape.storage };
    }, stream);
    assert.deepEqual(problems, []);
    assert.equal(clip.storage, 'opfs');
    const file = join(folder, `${stream}.mp4`);
    await writeFile(file, Buffer.from(clip.mp4, 'base64'));
    const { frames, messages } = await readFrames(file);
    assert.deepEqual(messages, []);
    assert.deepEqual(continuity(frames.map((frame) => frame.number)), { frames: 400, missing: 0, doubled: 0, misread: 0 });
    const packets = await audioPackets(file);
    // The clip begins with the first picture, which ffmpeg's HLS shows 0.08 s after the first sound.
    const first = sourcePackets.findIndex(({ sha256 }) => sha256 === packets[0]?.sha256);
    assert.equal(first, Math.floor(ffmpegPictureDelay / packetSeconds));
    assert.equal(packets.length, sourcePackets.length - first);
    assert.ok(packets.every(({ sha256 }, index) => sha256 === sourcePackets[first + index]?.sha256), 'byte for byte, in order');
    const { frames: sourceFrames } = await readFrames(join(folder, `${stream}.m3u8`), ['-allowed_extensions', 'ALL']);
    const moved = soundDelay(await decodeSound(file), frames) - soundDelay(await decodeSound(join(folder, `${stream}.m3u8`), ['-allowed_extensions', 'ALL']), sourceFrames);
    assert.ok(Math.abs(moved) < 0.005, `sound moved by ${moved} s against the picture`);
    await context.close();
  });
}

test('a page of another origin loads the package, its worker and its module from where they are served', { timeout: 30_000 }, async () => {
  const page = await browser.newPage();
  await page.goto(`${embedding.origin}/page`);
  const storage = await page.evaluate(async (origin) => {
    const { LiveTape } = (await import(`${origin}/livetape/index.js`)) as typeof import('../../www/sdk/src/index.ts');
    const tape = await LiveTape.tap(document.querySelector('video') as HTMLVideoElement);
    tape.close();
    return tape.storage;
  }, site.origin);
  assert.equal(storage, 'opfs');
  await page.close();
});
