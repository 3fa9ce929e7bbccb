// The page side of the package, with hls.js as the player and a worker that only echoes.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { serve, type Content, type Site } from '../browser/site.ts';
import { samplePath } from '../media/sample.ts';
import { runTool } from '../media/tool.ts';

let browser: Browser;
let site: Site;
let elsewhere: Site;
let folder: string;

const hlsJs = join(dirname(createRequire(import.meta.url).resolve('hls.js')), 'hls.min.js');

/** The sample as two VOD playlists, MPEG-TS and fMP4, with their segments. */
async function streams(): Promise<Record<string, Content>> {
  folder = await mkdtemp(join(tmpdir(), 'livetape-hls-'));
  const hls = ['-c', 'copy', '-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod'];
  await runTool('ffmpeg', ['-v', 'error', '-i', samplePath, ...hls, join(folder, 'ts.m3u8')]);
  await runTool('ffmpeg', ['-v', 'error', '-i', samplePath, ...hls, '-hls_segment_type', 'fmp4', join(folder, 'fmp4.m3u8')]);
  const names = await readdir(folder);
  const files = await Promise.all(names.map(async (name) => [`/${name}`, { type: 'application/octet-stream', body: await readFile(join(folder, name)) }] as const));
  return Object.fromEntries(files);
}

before(async () => {
  const html = (...scripts: string[]): Content => ({ type: 'text/html', body: `<!doctype html>${scripts.map((src) => `<script src="${src}"></script>`).join('')}<video id=video muted></video>` });
  const echo = { type: 'text/javascript', body: await readFile(new URL('./echo_worker.js', import.meta.url)) };
  const pages: Record<string, Content> = {
    ...(await streams()),
    '/tapped': html('/livetape/tap.js', '/hls.js'),
    '/late': html('/hls.js'),
    '/hls.js': { type: 'text/javascript', body: await readFile(hlsJs) },
    '/echo_worker.js': echo,
    '/broken_worker.js': { type: 'text/javascript', body: 'throw new Error("this worker is broken");' },
    '/sample.mp4': { file: 'www/demo/sample/sample.mp4' },
  };
  [browser, site, elsewhere] = await Promise.all([launchChromium(), serve(pages), serve({ '/echo_worker.js': echo })]);
});

after(async () => {
  await browser?.close();
  await Promise.all([site?.close(), elsewhere?.close()]);
  if (folder) await rm(folder, { recursive: true });
});

type Sdk = typeof import('../../www/sdk/src/index.ts');

interface Tools {
  readonly video: HTMLVideoElement;
  sdk(): Promise<Sdk>;
  /** Plays a playlist in hls.js and resolves when `seconds` of it are buffered. */
  play(url: string, seconds: number): Promise<void>;
  /** Resolves when the first `seconds` are buffered. */
  buffered(seconds: number): Promise<void>;
  /** What the echo worker was sent. */
  sent(): Promise<{ log: Record<string, unknown>[]; hashes: string[] }>;
  /** Makes the echo worker post a message; resolves when it was asked to. */
  post(message: object): Promise<void>;
  /** Code of the error that a promise is rejected with. */
  code(promise: Promise<unknown>): Promise<string>;
}

declare global {
  var tools: Tools;
  var Hls: { new (config?: object): { loadSource(url: string): void; attachMedia(video: HTMLVideoElement): void } };
  /** Hashes of what reached the browser's own appendBuffer. */
  var nativeAppends: Promise<string>[];
}

function pageTools(): void {
  const channel = new BroadcastChannel('echo worker');
  const ready = new Promise<void>((resolve) => channel.addEventListener('message', ({ data }) => data === 'ready' && resolve()));
  globalThis.tools = {
    get video() {
      return document.querySelector('video') as HTMLVideoElement;
    },
    sdk: () => import('/livetape/index.js' as string) as Promise<Sdk>,
    play(url, seconds) {
      const hls = new Hls({ maxBufferLength: 60 });
      hls.loadSource(url);
      hls.attachMedia(this.video);
      return this.buffered(seconds);
    },
    buffered(seconds) {
      const { video } = this;
      return new Promise((resolve) => {
        const look = (): void => {
          if (video.buffered.length && video.buffered.end(0) >= seconds) resolve();
        };
        video.addEventListener('progress', look);
        look();
      });
    },
    async sent() {
      await ready;
      channel.postMessage('log');
      return new Promise((resolve) => channel.addEventListener('message', ({ data }) => data.log && resolve(data)));
    },
    async post(message) {
      await ready;
      channel.postMessage({ post: message });
    },
    code: (promise) => promise.then(() => 'none', (error: { code?: string; name?: string }) => `${error.name} ${error.code}`),
  };
}

/** Runs before the page's own scripts: hashes what reaches appendBuffer, below the tap. */
function watchNative(): void {
  globalThis.nativeAppends = [];
  const append = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (this: SourceBuffer, data: BufferSource) {
    const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).slice() : new Uint8Array(data).slice();
    globalThis.nativeAppends.push(
      crypto.subtle.digest('SHA-256', bytes).then((digest) => `${bytes.length} ${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')}`),
    );
    append.call(this, data);
  };
}

async function open<T>(path: string, run: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  try {
    await page.addInitScript(watchNative);
    await page.goto(site.origin + path);
    await page.evaluate(pageTools);
    const result = await run(page);
    assert.deepEqual(problems, []);
    return result;
  } finally {
    await context.close();
  }
}

for (const [stream, buffers] of [['ts', 2], ['fmp4', 1]] as const) {
  for (const order of ['tape first', 'player first']) {
    test(`${stream}, ${order}: the worker gets exactly what hls.js appended`, { timeout: 60_000 }, async () => {
      const { sent, native, state } = await open('/tapped', (page) =>
        page.evaluate(
          async ([stream, order]) => {
            const { LiveTape } = await tools.sdk();
            if (order === 'player first') await tools.play(`/${stream}.m3u8`, 5);
            const tape = await LiveTape.tap(tools.video, { workerUrl: '/echo_worker.js', window: 60 });
            await (order === 'player first' ? tools.buffered(15.5) : tools.play(`/${stream}.m3u8`, 15.5));
            tools.video.currentTime = 3;
            await new Promise((resolve) => tools.video.addEventListener('timeupdate', resolve, { once: true }));
            const sent = await tools.sent();
            return { sent, native: await Promise.all(nativeAppends), state: [tape.storage, tape.window, tape.tracks] };
          },
          [stream, order],
        ),
      );
      const sources = sent.log.filter((message) => message['type'] === 'source');
      assert.equal(sources.length, buffers);
      assert.deepEqual(sent.log[0], { type: 'open', window: { seconds: 60, bytes: 2 ** 31 }, mode: 'tap' });
      assert.ok(native.length > 8, `${native.length} appends`);
      // The tap splits no append here, and tells them all; the player's order is kept within each buffer.
      const bySource = (lines: string[], number: string): string[] => lines.filter((line) => line.startsWith(`${number} `)).map((line) => line.slice(number.length + 1));
      const got = sources.flatMap((message) => bySource(sent.hashes, String(message['source'])));
      assert.deepEqual([...got].sort(), [...native].sort());
      if (buffers === 1) assert.deepEqual(got, native);
      const playheads = sent.log.filter((message) => message['type'] === 'playhead');
      assert.ok(Number(playheads.at(-1)?.['time']) >= 3);
      assert.deepEqual(state, ['memory', { start: 0, end: 0, bytes: 0, held: 0 }, []]);
    });
  }
}

test('append buffers come back and are used again', { timeout: 60_000 }, async () => {
  const sizes = await open('/tapped', (page) =>
    page.evaluate(async () => {
      const { LiveTape } = await tools.sdk();
      await LiveTape.tap(tools.video, { workerUrl: '/echo_worker.js' });
      const made: number[] = [];
      const Native = ArrayBuffer;
      globalThis.ArrayBuffer = new Proxy(Native, {
        construct(target, args, self) {
          if (args[0] >= 1 << 16 && Math.log2(args[0]) % 1 === 0) made.push(args[0]);
          return Reflect.construct(target, args, self) as object;
        },
      });
      await tools.play('/fmp4.m3u8', 15.5);
      globalThis.ArrayBuffer = Native;
      const { log } = await tools.sent();
      return { made: made.length, appends: log.filter((message) => message['type'] === 'append').length };
    }),
  );
  assert.ok(sizes.appends >= 9 && sizes.made < sizes.appends / 2, JSON.stringify(sizes));
});

test('a player that came before the tap: tap_too_late, with what to add', { timeout: 60_000 }, async () => {
  const { error, later } = await open('/late', (page) =>
    page.evaluate(async () => {
      await tools.play('/fmp4.m3u8', 2);
      const { LiveTape } = await tools.sdk();
      const error = await LiveTape.tap(tools.video, { workerUrl: '/echo_worker.js' }).catch((error: unknown) => error as { code: string; message: string; name: string });
      // A new player on the same video is no longer too late.
      const again = tools.play('/ts.m3u8', 2);
      await new Promise((resolve) => tools.video.addEventListener('loadstart', resolve, { once: true }));
      const tape = await LiveTape.tap(tools.video, { workerUrl: '/echo_worker.js' });
      await again;
      return { error: 'code' in error ? [error.name, error.code, error.message] : [], later: tape.storage };
    }),
  );
  assert.deepEqual(error.slice(0, 2), ['LiveTapeError', 'tap_too_late']);
  assert.match(error[2] ?? '', /<script src="…\/livetape\/tap\.js"><\/script>/);
  assert.equal(later, 'memory');
});

test('a video that plays a URL by itself, a MediaStream, and one that gets a wrong source later', { timeout: 60_000 }, async () => {
  const codes = await open('/tapped', (page) =>
    page.evaluate(async () => {
      const { LiveTape } = await tools.sdk();
      const options = { workerUrl: '/echo_worker.js' };
      const plain = document.createElement('video');
      plain.src = '/sample.mp4';
      const stream = document.createElement('video');
      stream.srcObject = new MediaStream();
      const tape = await LiveTape.tap(tools.video, options);
      const told = new Promise<string>((resolve) => tape.addEventListener('error', ({ detail }) => resolve(detail.code)));
      tools.video.src = '/sample.mp4';
      return [await tools.code(LiveTape.tap(plain, options)), await tools.code(LiveTape.tap(stream, options)), await told, await tools.code(tape.clip({ last: 3 }))];
    }),
  );
  assert.deepEqual(codes, ['LiveTapeError tap_no_media_source', 'LiveTapeError tap_no_media_source', 'tap_no_media_source', 'LiveTapeError tap_no_media_source']);
});

test('record, progress, stop and clip, and every way they are refused', { timeout: 60_000 }, async () => {
  const seen = await open('/tapped', (page) =>
    page.evaluate(async () => {
      const { LiveTape } = await tools.sdk();
      const tape = await LiveTape.tap(tools.video, { workerUrl: '/echo_worker.js' });
      const edge = `${location.origin}/`;
      const refused = [
        await tools.code(tape.record({ edge })),
        await tools.code(tape.record({ edge: 'http://', template: 'pub_demo' })),
        await tools.code(tape.record({ edge, template: 'pub_wrong', maxBitrate: 800_000 })),
        await tools.code(tape.clip({ last: -1 })),
        await tools.code(tape.clip({ start: 0, end: NaN })),
        await tools.code(tape.clip({ start: 0, end: new Date() })),
        await tools.code(tape.clip({ start: '2026-01-31T10:00:00Z', end: 'later' })),
      ];
      const recording = await tape.record({ edge, template: 'pub_demo' });
      refused.push(await tools.code(tape.record({ edge, template: 'pub_demo' })));
      const progressed = new Promise((resolve) => recording.addEventListener('progress', ({ detail }) => resolve(detail)));
      const noticed = new Promise((resolve) => tape.addEventListener('notice', ({ detail }) => resolve(detail)));
      const failed = new Promise((resolve) => recording.addEventListener('error', ({ detail }) => resolve(detail.code)));
      const windowed = new Promise((resolve) => tape.addEventListener('window', ({ detail }) => resolve(detail)));
      tools.post({ type: 'progress', request: 2, elapsed: 2, bytes: 100, uploaded: 50, objects: 1 });
      const stated = new Promise((resolve) => recording.addEventListener('state', ({ detail }) => resolve(detail)));
      tools.post({ type: 'upload', request: 2, state: 'waiting', why: 'no network' });
      tools.post({ type: 'event', code: 'gap', message: 'a gap', at: 4 });
      tools.post({ type: 'failed', code: 'edge_unreachable', message: 'gone' });
      tools.post({ type: 'window', start: 1, end: 2, bytes: 3, held: 1 });
      const events = await Promise.all([progressed, stated, noticed, failed, windowed]);
      const result = await recording.stop();
      refused.push(await tools.code(recording.stop()));
      const clip = await tape.clip({ last: 30 });
      const url = clip.url === clip.url && clip.url.startsWith('blob:');
      clip.close();
      const second = await tape.record({ edge, token: 'ing_1' });
      tape.close();
      refused.push(await tools.code(tape.clip({ last: 1 })));
      const { log } = await tools.sent();
      return { refused, events, result, latest: recording.progress, clip: [clip.blob.size, clip.duration, clip.copiedBytes, url], second: second.id, log };
    }),
  );
  const error = (code: string): string => `LiveTapeError ${code}`;
  assert.deepEqual(seen.refused, ['bad_option', 'bad_option', 'unauthorized', 'bad_option', 'bad_option', 'bad_option', 'bad_option', 'already_recording', 'not_recording', 'closed'].map(error));
  assert.deepEqual(seen.events, [{ elapsed: 2, bytes: 100, uploaded: 50, objects: 1 }, { state: 'waiting', why: 'no network' }, { code: 'gap', message: 'a gap', at: 4 }, 'edge_unreachable', { start: 1, end: 2, bytes: 3, held: 1 }]);
  assert.deepEqual(seen.latest, seen.events[0]);
  assert.equal(seen.result.id, 'rec_1');
  assert.equal(seen.result.duration, 12.5);
  assert.deepEqual(seen.clip, [3, 30, 0, true]);
  assert.equal(seen.second, 'rec_1');
  const types = seen.log.map((message) => message['type']).filter((type) => type !== 'playhead');
  assert.deepEqual(types, ['open', 'record', 'record', 'stop', 'clip', 'closeClip', 'record', 'close']);
  assert.deepEqual(seen.log.find((message) => message['type'] === 'record'), { type: 'record', request: 1, edge: site.origin, create: '{"template":"pub_wrong"}', cap: 100_000 });
});

test('pull: the URL is made absolute; a refusal to open rejects', { timeout: 60_000 }, async () => {
  const seen = await open('/tapped', (page) =>
    page.evaluate(async () => {
      const { LiveTape } = await tools.sdk();
      const options = { workerUrl: '/echo_worker.js' };
      const codes = [await tools.code(LiveTape.pull('/refuse.m3u8', options)), await tools.code(LiveTape.pull('http://', options)), await tools.code(LiveTape.pull('/ts.m3u8', { ...options, window: NaN }))];
      return codes;
    }),
  );
  assert.deepEqual(seen, ['LiveTapeError playlist_invalid', 'LiveTapeError bad_option', 'LiveTapeError bad_option']);
  const pulled = await open('/tapped', (page) =>
    page.evaluate(async () => {
      const { LiveTape } = await tools.sdk();
      const tape = await LiveTape.pull('/ts.m3u8', { workerUrl: '/echo_worker.js' });
      const { log } = await tools.sent();
      return { codec: tape.tracks[0]?.codec, url: log[0]?.['url'] };
    }),
  );
  assert.deepEqual(pulled, { codec: 'avc1.64001e', url: `${site.origin}/ts.m3u8` });
});

test('a worker that fails to start rejects; one of another origin is started all the same', { timeout: 60_000 }, async () => {
  const seen = await open('/tapped', (page) =>
    page.evaluate(async (other) => {
      const { LiveTape } = await tools.sdk();
      const missing = await tools.code(LiveTape.tap(tools.video, { workerUrl: '/missing.js' }));
      const broken = await LiveTape.tap(tools.video, { workerUrl: '/broken_worker.js' }).catch((error: Error) => error.message);
      const tape = await LiveTape.tap(tools.video, { workerUrl: `${other}/echo_worker.js` });
      return [missing, broken, tape.storage];
    }, elsewhere.origin),
  );
  assert.equal(seen[0], 'LiveTapeError worker_failed');
  assert.match(String(seen[1]), /this worker is broken/);
  assert.equal(seen[2], 'memory');
});
