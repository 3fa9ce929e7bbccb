// What of the recorder's module a page loads, and when: the first part to tape and to record, the second before the first clip.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { serve, type Site } from '../browser/site.ts';

let browser: Browser;
let site: Site;
/** Modules that were asked for, in order. */
let modules: string[] = [];
/** How many more times the second part is not to be had. */
let refusals = 0;
/** What was stored at the edge. */
let stored = 0;

/** An edge that takes everything. */
function atEdge(path: string, method: string | undefined, response: ServerResponse): boolean {
  const [, rest] = /^\/v1\/recordings(.*)$/.exec(path) ?? [];
  if (rest === undefined) return false;
  if (method === 'PUT') stored += 1;
  const playback = { page: '/watch', hls: '/index.m3u8', mp4: '/video.mp4' };
  const answer = { id: 'rec_1', ingest_token: 'token', state: rest === '/finish' ? 'finished' : 'recording', playback };
  response.writeHead(method === 'PUT' ? 201 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  return true;
}

before(async () => {
  const pages = {
    '/': { type: 'text/html', body: '<!doctype html><script src="/livetape/tap.js"></script><video muted></video>' },
    '/sample.mp4': { file: 'www/demo/sample/sample.mp4' },
  };
  const answer = (path: string, method: string | undefined, response: ServerResponse): boolean => {
    if (!path.endsWith('.wasm')) return atEdge(path, method, response);
    modules.push(path.slice(path.lastIndexOf('/') + 1));
    if (!path.endsWith('clip.wasm') || refusals === 0) return false;
    refusals -= 1;
    response.writeHead(503).end();
    return true;
  };
  [browser, site] = await Promise.all([launchChromium(), serve(pages, (path, request, response) => answer(path, request.method, response))]);
});

after(async () => {
  await browser?.close();
  await site?.close();
});

/** A page of its own whose tape holds the whole sample, as `globalThis.tape`. */
async function taped(run: (page: Page) => Promise<void>): Promise<void> {
  [modules, stored] = [[], 0];
  const context = await browser.newContext();
  const page = await context.newPage();
  try {
    await page.goto(site.origin);
    await page.evaluate(async () => {
      const { LiveTape } = (await import('/livetape/index.js' as string)) as typeof import('../../www/sdk/src/index.ts');
      const video = document.querySelector('video') as HTMLVideoElement;
      const source = new MediaSource();
      video.src = URL.createObjectURL(source);
      await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
      const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.64001e, mp4a.40.2"');
      const tape = await LiveTape.tap(video);
      const whole = new Promise<void>((resolve) => tape.addEventListener('window', ({ detail }) => (detail.end > 15 ? resolve() : undefined)));
      Object.assign(globalThis, { tape });
      buffer.appendBuffer(await (await fetch('/sample.mp4')).arrayBuffer());
      await whole;
    });
    await run(page);
  } finally {
    await context.close();
  }
}

test('a recording is made, stopped and stored by the first part alone; clips and pictures load the second, once', { timeout: 30_000 }, async () => {
  await taped(async (page) => {
    const recorded = await page.evaluate(async () => {
      const recording = await tape.record({ edge: location.origin, template: 'pub_1' });
      await recording.pause();
      await recording.resume();
      return (await recording.stop()).duration;
    });
    assert.ok(recorded > 10, `${recorded} s are recorded`);
    assert.ok(stored > 2, 'a configuration and objects');
    assert.deepEqual(modules, ['livetape_tap_bg.wasm']);
    const sizes = await page.evaluate(async () => {
      const [one, two, picture] = await Promise.all([tape.clip({ start: 2, end: 4 }), tape.clip({ last: 3 }), tape.screenshot(5)]);
      return [one.blob.size, two.blob.size, picture.size];
    });
    assert.ok(sizes.every((size) => size > 10_000), `${sizes} bytes`);
    assert.deepEqual(modules, ['livetape_tap_bg.wasm', 'livetape_clip.wasm']);
  });
});

test('where the second part is not to be had a clip says so, the tape goes on, and the next clip tries again', { timeout: 30_000 }, async () => {
  await taped(async (page) => {
    refusals = 1;
    const failed = await page.evaluate(() => tape.clip({ last: 3 }).then(() => 'a clip', (error: { code: string; message: string }) => `${error.code}: ${error.message}`));
    assert.match(failed, /^worker_failed: .*clips did not load.*503/);
    assert.ok((await page.evaluate(async () => (await tape.clip({ last: 3 })).blob.size)) > 10_000);
    assert.deepEqual(modules, ['livetape_tap_bg.wasm', 'livetape_clip.wasm', 'livetape_clip.wasm']);
  });
});

test('what is prepared needs no network any more', { timeout: 30_000 }, async () => {
  await taped(async (page) => {
    const loaded = page.waitForEvent('requestfinished', (request) => request.url().endsWith('livetape_clip.wasm'));
    await page.evaluate(() => tape.prepare());
    await loaded;
    refusals = 1;
    assert.ok((await page.evaluate(async () => (await tape.clip({ last: 3 })).blob.size)) > 10_000);
    assert.deepEqual(modules, ['livetape_tap_bg.wasm', 'livetape_clip.wasm']);
    refusals = 0;
  });
});

declare global {
  var tape: import('../../www/sdk/src/index.ts').LiveTape;
}
