// The edge's own pages, as built, with canned answers for the edge and a worker that only echoes.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { serve, type Content, type Site } from '../browser/site.ts';
import { samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';

let browser: Browser;
let site: Site;
let folder: string;

const json = (value: unknown): Content => ({ type: 'application/json', body: JSON.stringify(value) });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-pages-'));
  await runTool('ffmpeg', [
    '-v', 'error', '-i', samplePath, '-c', 'copy', '-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4', join(folder, 'index.m3u8'),
  ]);
  const stream: Record<string, Content> = {};
  for (const name of await readdir(folder)) {
    const content = { type: 'application/octet-stream', body: await readFile(join(folder, name)) };
    for (const id of ['live_1', 'rec_done', 'rec_growing']) stream[`/v1/play/${id}/${name}`] = content;
  }
  const recording = {
    duration: 16, bytes: 2_216_253, objects: 8,
    tracks: [{ kind: 'video', codec: 'avc1.64001e', width: 640, height: 360 }, { kind: 'audio', codec: 'mp4a.40.2', sample_rate: 48_000, channels: 2 }],
  };
  [browser, site] = await Promise.all([
    launchChromium(),
    serve({
      ...stream,
      '/': { file: 'www/dist/index.html' },
      '/watch': { file: 'www/dist/watch.html' },
      '/livetape/worker.js': { type: 'text/javascript', body: await readFile(new URL('./echo_worker.js', import.meta.url)) },
      '/v1/demo': json({ ts: '/v1/play/live_1/index.m3u8', fmp4: '/v1/play/live_1/index.m3u8', template: 'pub_demo' }),
      '/v1/recordings/rec_done': json({ ...recording, state: 'finished' }),
      '/v1/recordings/rec_growing': json({ ...recording, state: 'recording' }),
      '/v1/play/rec_done/video.mp4': { file: 'www/demo/sample/sample.mp4' },
    }),
  ]);
});

after(async () => {
  await browser?.close();
  await site?.close();
  if (folder) await rm(folder, { recursive: true });
});

async function open(path: string, run: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(site.origin) && !/^(data|blob):/.test(request.url())) problems.push(`asked ${request.url()}`);
  });
  try {
    await page.goto(site.origin + path);
    await run(page);
    assert.deepEqual(problems, []);
  } finally {
    await context.close();
  }
}

const playing = (page: Page, selector: string): Promise<unknown> =>
  page.waitForFunction((selector) => (document.querySelector<HTMLVideoElement>(selector)?.currentTime ?? 0) > 0.2, selector);

test('demo page: plays, records, stops with a link, clips with a download', { timeout: 60_000 }, () =>
  open('/', async (page) => {
    await playing(page, '#video');
    assert.equal(await page.locator('#ts').getAttribute('aria-current'), 'page');
    const record = page.getByRole('button', { name: 'Record' });
    await record.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.evaluate(() => new BroadcastChannel('echo worker').postMessage({ post: { type: 'progress', request: 1, elapsed: 63.4, bytes: 8_400_000, uploaded: 7_100_000, objects: 31 } }));
    await page.getByText('1:03 · 8.4 MB · 7.1 MB sent').waitFor();
    await page.keyboard.press('Enter');
    assert.equal(await page.getByRole('link', { name: 'Watch the recording' }).getAttribute('href'), 'http://edge/watch?id=rec_1');
    assert.match((await page.getByRole('status').first().textContent()) ?? '', /^Recorded: 0:13, 3\.4 MB$/);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Clip last 30 s' }).click();
    assert.match((await download).suggestedFilename(), /^clip-\d{8}-\d{6}\.mp4$/);
    await page.getByRole('link', { name: 'Save again' }).waitFor();
    assert.match((await page.locator('#snippet').textContent()) ?? '', /<live-tape for="video" edge="http:\/\/localhost:\d+" template="pub_demo"/);
  }),
);

test('demo page: the fMP4 stream, in Chinese, and back to English', { timeout: 60_000 }, () =>
  open('/?source=fmp4', async (page) => {
    await playing(page, '#video');
    assert.equal(await page.locator('#fmp4').getAttribute('aria-current'), 'page');
    await page.getByRole('button', { name: '录制', exact: true }).waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('button', { name: 'Record' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Record' }).waitFor();
  }, { locale: 'zh-CN' }),
);

test('demo page on a phone is not wider than its screen', { timeout: 60_000 }, () =>
  open('/', async (page) => {
    await page.getByRole('button', { name: 'Record' }).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  }, { viewport: { width: 360, height: 700 } }),
);

test('an error is shown in words, and the element can be used again', { timeout: 60_000 }, () =>
  open('/', async (page) => {
    await page.getByRole('button', { name: 'Record' }).waitFor();
    await page.waitForFunction(() => document.querySelector('live-tape')?.getAttribute('template') === 'pub_demo');
    await page.locator('live-tape').evaluate((element) => element.setAttribute('template', 'pub_wrong'));
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('alert').getByText('no such template').waitFor();
    await page.locator('live-tape').evaluate((element) => element.setAttribute('template', 'pub_demo'));
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    assert.equal(await page.locator('live-tape').getByRole('alert').textContent(), '');
  }),
);

test('playback page: HLS, MP4 by keyboard, and a download', { timeout: 60_000 }, () =>
  open('/watch?id=rec_done', async (page) => {
    await page.locator('#hls').evaluate((video: HTMLVideoElement) => {
      video.muted = true;
      return video.play();
    });
    await playing(page, '#hls');
    await page.getByText('16.00 s').waitFor();
    await page.getByText('avc1.64001e 640×360 · mp4a.40.2 48 kHz').waitFor();
    assert.ok(await page.locator('#growing').isHidden());
    await page.getByRole('tab', { name: 'HLS' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('#mp4').waitFor();
    await page.waitForFunction(() => document.querySelector<HTMLVideoElement>('#mp4')?.readyState);
    assert.ok(await page.locator('#hls').isHidden());
    assert.equal(await page.getByRole('link', { name: 'Download MP4' }).getAttribute('href'), '/v1/play/rec_done/video.mp4');
  }),
);

test('playback page while it is recording says so', { timeout: 60_000 }, () =>
  open('/watch?id=rec_growing', async (page) => {
    await page.getByText('STILL RECORDING').waitFor();
    await page.getByText('This recording is still growing.').waitFor();
  }),
);

test('playback page without or with an unknown id says so', { timeout: 60_000 }, async () => {
  await open('/watch?id=rec_none', (page) => page.getByText('There is no recording of this name.').waitFor());
  await open('/watch', (page) => page.getByText('This address names no recording').waitFor());
});
