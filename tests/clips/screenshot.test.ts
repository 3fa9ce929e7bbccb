// Screenshots: exactly the picture of the asked moment, of its right shape, from what is recorded.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import type { Content, Site } from '../browser/site.ts';
import { samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';
import { numberAt, serveFed } from '../pages/fed_tape.ts';

let browser: Browser;
let site: Site;
let folder: string;

/** The sample with pixels that are not square, in both containers; and to be turned. */
async function files(): Promise<Record<string, Content>> {
  folder = await mkdtemp(join(tmpdir(), 'livetape-screenshot-'));
  const make = (name: string, ...how: string[]): Promise<unknown> => runTool('ffmpeg', ['-v', 'error', ...how, join(folder, name)]);
  const sample = ['-i', samplePath, '-t', '4'];
  const fragments = ['-movflags', 'empty_moov+default_base_moof+frag_keyframe'];
  const encode = ['-vf', 'scale=480:360,setsar=4/3', '-c:v', 'libx264', '-preset', 'veryfast', '-g', '50', '-bf', '2', '-fps_mode', 'passthrough', '-an'];
  await make('wide.mp4', ...sample, ...encode, ...fragments);
  await make('wide.m3u8', '-i', join(folder, 'wide.mp4'), '-c', 'copy', '-f', 'hls', '-hls_time', '2', '-hls_list_size', '0');
  for (const degrees of [90, 180, 270]) await make(`turned${degrees}.mp4`, ...sample, '-c', 'copy', '-metadata:s:v:0', `rotate=${degrees}`, ...fragments);
  const served = (await readdir(folder)).map(async (name) => [`/${name}`, { type: 'application/octet-stream', body: await readFile(join(folder, name)) }] as const);
  return Object.fromEntries(await Promise.all(served));
}

before(async () => {
  [browser, site] = await Promise.all([launchChromium(), serveFed('', await files())]);
});

after(async () => {
  await browser?.close();
  await site?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function open(prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await prepare?.(page);
  await page.goto(site.origin);
  await page.evaluate(() => fed.open(600));
  return page;
}

test('every picture of a GOP with B-frames, each within 300 ms', { timeout: 60_000 }, async () => {
  const page = await open();
  const shots = await page.evaluate(async () => {
    await fed.feed(1);
    const shots: { time: number; number: number | null; millis: number; size: string }[] = [];
    for (let picture = 50; picture < 100; picture += 1) {
      const time = picture / 25;
      const begun = performance.now();
      const blob = await fed.tape.screenshot(time, { type: 'image/png' });
      const millis = performance.now() - begun;
      const image = await createImageBitmap(blob);
      shots.push({ time, number: frameReader.read(image), millis, size: `${blob.type} ${image.width}x${image.height}` });
    }
    return shots;
  });
  assert.deepEqual(shots.map(({ number }) => number), shots.map(({ time }) => numberAt(time)));
  assert.ok(shots.every(({ size }) => size === 'image/png 640x360'));
  // The middle one: other programs on the machine are not what is measured.
  const millis = shots.map((shot) => shot.millis).sort((a, b) => a - b)[25] ?? Infinity;
  assert.ok(millis <= 300, `${millis.toFixed(0)} ms`);
  await page.context().close();
});

test('JPEG unless told, WebP; the moment that is seen unless told; what is not there is refused', { timeout: 60_000 }, async () => {
  const page = await open();
  const seen = await page.evaluate(async () => {
    await fed.feed(1);
    const jpeg = await fed.tape.screenshot(7.02);
    const webp = await fed.tape.screenshot(7.02, { type: 'image/webp', quality: 0.95 });
    const read = async (blob: Blob): Promise<unknown[]> => [blob.type, frameReader.read(await createImageBitmap(blob))];
    const at = async (): Promise<unknown[]> => read(await fed.tape.screenshot());
    const codes = [await fed.code(fed.tape.screenshot(40)), await fed.code(fed.tape.screenshot(-1)), await fed.code(fed.tape.screenshot(3, { type: 'image/gif' as 'image/png' }))];
    return { jpeg: await read(jpeg), webp: await read(webp), unasked: await at(), codes };
  });
  const number = numberAt(7.02);
  assert.deepEqual(seen.jpeg, ['image/jpeg', number]);
  assert.deepEqual(seen.webp, ['image/webp', number]);
  assert.deepEqual(seen.unasked, ['image/jpeg', 0]);
  assert.deepEqual(seen.codes, ['nothing_recorded', 'bad_option', 'bad_option']);
  await page.context().close();
});

for (const file of ['wide.mp4', 'wide.m3u8']) {
  test(`${file}: pixels that are not square are shown as they should be`, { timeout: 60_000 }, async () => {
    const page = await open();
    const shot = await page.evaluate(async (file) => {
      if (file.endsWith('m3u8')) await fed.pull(`/${file}`);
      else await fed.append(`/${file}`);
      const { start } = fed.tape.window;
      const image = await createImageBitmap(await fed.tape.screenshot(start + 1.4));
      return { width: image.width, height: image.height, number: frameReader.read(image) };
    }, file);
    assert.deepEqual(shot, { width: 640, height: 360, number: 35 });
    await page.context().close();
  });
}

test('pictures that are to be turned are, and so are those of a clip', { timeout: 60_000 }, async () => {
  for (const degrees of [90, 180, 270]) {
    const page = await open();
    const seen = await page.evaluate(async (degrees) => {
      await fed.append(`/turned${degrees}.mp4`);
      const { start } = fed.tape.window;
      const image = await createImageBitmap(await fed.tape.screenshot(start + 1.42, { type: 'image/png' }));
      // ffmpeg turns counter-clockwise. Turned back, the number can be read.
      const upright = new OffscreenCanvas(640, 360);
      const context = upright.getContext('2d') as OffscreenCanvasRenderingContext2D;
      context.translate(320, 180);
      context.rotate((degrees * Math.PI) / 180);
      context.drawImage(image, -image.width / 2, -image.height / 2);
      const { blob } = await fed.tape.clip({ start, end: start + 3 });
      const video = document.querySelector('video') as HTMLVideoElement;
      const loaded = new Promise((resolve) => video.addEventListener('loadedmetadata', resolve, { once: true }));
      video.src = URL.createObjectURL(blob);
      await loaded;
      return { size: [image.width, image.height], number: frameReader.read(upright.transferToImageBitmap()), clip: [video.videoWidth, video.videoHeight] };
    }, degrees);
    const size = degrees === 180 ? [640, 360] : [360, 640];
    assert.deepEqual(seen, { size, number: 35, clip: size }, `${degrees} degrees`);
    await page.context().close();
  }
});

test('a browser without WebCodecs says so', { timeout: 60_000 }, async () => {
  const page = await open((page) =>
    page.context().route('**/livetape/worker.js', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: `delete globalThis.VideoDecoder;${await response.text()}` });
    }),
  );
  const code = await page.evaluate(async () => {
    await fed.feed(1);
    return fed.code(fed.tape.screenshot(3));
  });
  assert.equal(code, 'no_webcodecs');
  await page.context().close();
});
