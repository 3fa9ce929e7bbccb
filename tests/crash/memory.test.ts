// Hours of a stream, fed faster than real time: neither the module's memory nor the heaps of page and worker grow where the window
// slides; and where it is hours long, or a recording holds all of it, what is known of each sample takes next to nothing.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { DevTools } from '../browser/devtools.ts';
import { launchKillable } from '../browser/killable.ts';
import type { Content } from '../browser/site.ts';
import { runTool } from '../media/tool.ts';
import type {} from './feeding.ts';
import type {} from './recovering.ts';
import { setUp } from './setting.ts';
import type { TapeOptions } from '../../www/sdk/src/index.ts';

/** Minutes of stream: the soak has six hours. */
const minutes = Number(process.env['LIVETAPE_MEMORY_MINUTES'] ?? 20);
/** Seconds of stream of which nothing is given up. */
const kept = 6 * 3_600;
const megabyte = 1 << 20;
/** Bytes of the module's memory, and growth of a heap in six hours. */
const most = 16 * megabyte;
/** Seconds of the file that is fed over and over. */
const round = 16;

/** A player whose SourceBuffer takes everything at once and keeps nothing: only the tape does. */
const page = `<!doctype html><script>SourceBuffer.prototype.appendBuffer = function appendBuffer() {};</script>
<script src="/livetape/tap.js"></script><video muted></video>`;

/** The worker as it is, but for its module's memory being where the test finds it. */
const shown = `{
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...given) => {
    const made = await instantiateStreaming.apply(WebAssembly, given);
    self.memory = made.instance.exports.memory;
    return made;
  };
}
`;

async function pages(folder: string): Promise<Record<string, Content>> {
  // Pictures of noise, so that the rate is what it is told to be. What a tape knows of a stream grows with its samples, not with their
  // bytes: where all is kept, these are few.
  const streams = { 'stream.mp4': ['7900k', '0'], 'kept.mp4': ['300k', '2'] } as const;
  for (const [name, [rate, reordered]] of Object.entries(streams))
    await runTool('ffmpeg', [
      '-v', 'error', '-f', 'lavfi', '-i', `nullsrc=s=640x360:r=25:d=${round},geq=random(1)*255:128:128`, '-f', 'lavfi', '-i', `sine=d=${round}`,
      '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', reordered, '-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', '2M', '-g', '50', '-c:a', 'aac', '-b:a', '64k',
      '-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-t', String(round), join(folder, name),
    ]);
  const worker = await readFile(new URL('../../www/dist/livetape/worker.js', import.meta.url), 'utf8');
  return {
    '/page': { type: 'text/html', body: page },
    ...Object.fromEntries(await Promise.all(Object.keys(streams).map(async (name) => [`/${name}`, { type: 'video/mp4', body: await readFile(join(folder, name)) }] as const))),
    '/livetape/worker.js': { type: 'text/javascript', body: shown + worker },
    '/livetape/without_files.js': { type: 'text/javascript', body: `delete StorageManager.prototype.getDirectory;${worker}` },
  };
}

const setting = setUp(launchKillable, pages);

type Sdk = typeof import('../../www/sdk/src/index.ts');

declare global {
  /** Feeds up to so many seconds; gives the bytes that have been appended. */
  var feedTo: (seconds: number) => Promise<number>;
  /** SHA-256 of all bytes of the clip that is held, which the page reads. */
  var hashHeld: () => Promise<string>;
}

async function begin({ stream, round, options }: { stream: string; round: number; options: TapeOptions }): Promise<void> {
  const { LiveTape } = (await import('/livetape/index.js' as string)) as Sdk;
  const video = document.querySelector('video') as HTMLVideoElement;
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
  const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.64001e, mp4a.40.2"');
  globalThis.tape = await LiveTape.tap(video, options);
  globalThis.notices = [];
  tape.addEventListener('notice', ({ detail }) => notices.push(detail.code));
  tape.addEventListener('error', ({ detail }) => notices.push(detail.code));
  const file = new Uint8Array(await (await fetch(stream)).arrayBuffer());
  const view = new DataView(file.buffer);
  const ends: number[] = [];
  for (let at = 0; at < file.length; at += view.getUint32(at)) if (view.getUint32(at + 4) === 0x6d6f6f66) ends.push(at);
  const init = file.subarray(0, ends.shift());
  ends.push(file.length);
  buffer.appendBuffer(init);
  let [rounds, index, at, appended] = [0, 0, init.length, 0];
  const taped = (seconds: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (tape.window.end < seconds) return;
        tape.removeEventListener('window', look);
        resolve();
      };
      tape.addEventListener('window', look);
      look();
    });
  globalThis.feedTo = async (seconds) => {
    for (;;) {
      const end = rounds * round + ((index + 1) * round) / ends.length;
      if (end > seconds) break;
      buffer.timestampOffset = rounds * round;
      const to = ends[index] ?? file.length;
      for (; at < to; at += 1 << 19) buffer.appendBuffer(file.subarray(at, Math.min(at + (1 << 19), to)));
      appended += to - (ends[index - 1] ?? init.length);
      [index, at] = [index + 1, to];
      if (index === ends.length) [index, at, rounds] = [0, init.length, rounds + 1];
      // The worker may be a little behind.
      await taped(end - 12);
    }
    await taped(seconds - 2.5);
    return appended;
  };
  globalThis.hashHeld = async () => {
    const digest = await crypto.subtle.digest('SHA-256', await held.blob.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  };
}

/** A page with a tape. */
async function open(options: TapeOptions, stream = '/stream.mp4'): Promise<Page> {
  const view = await setting.browser.context.newPage();
  await view.goto(`${setting.site.origin}/page`);
  await view.evaluate(begin, { stream, round, options });
  return view;
}

/** Bytes that a row of measurements grows by, from one to the next. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [up, across] = values.reduce(([up, across], value, at) => [up + (at - middle) * (value - mean), across + (at - middle) ** 2], [0, 0]);
  return up / across;
}

test(`${minutes} minutes at 8 Mb/s: the module's memory and both heaps stay flat`, { timeout: 60_000 + minutes * 30_000 }, async (context) => {
  const view = await open({ window: 300 });
  const tools = await DevTools.attach(setting.browser.address, `${setting.site.origin}/page`);
  const wasm: number[] = [];
  const heaps: Record<'page' | 'worker', number[]> = { page: [], worker: [] };
  // From when the window is full.
  const full = 330;
  const steps = 14;
  const step = (minutes * 60 - full) / steps;
  const began = performance.now();
  let bytes = 0;
  for (let at = 0; at <= steps; at += 1) {
    const seconds = full + at * step;
    bytes = await view.evaluate((seconds) => feedTo(seconds), seconds);
    const [page, worker] = [await tools.pageHeap(), await tools.workerHeap()];
    const memory = Number(await tools.inWorker('memory.buffer.byteLength'));
    wasm.push(memory);
    heaps.page.push(page.used + page.buffers);
    heaps.worker.push(worker.used + worker.buffers);
  }
  const rate = (bytes * 8) / (full + steps * step) / 1e6;
  assert.ok(rate > 7.5, `${rate} Mb/s`);
  const { window, told } = await view.evaluate(() => ({ window: tape.window, told: globalThis.notices }));
  assert.deepEqual(told, []);
  assert.ok(window.end - window.start > 295, 'the window is full');
  const sixHours = (6 * 3_600) / step;
  const shown = (values: readonly number[]): string => values.map((value) => (value / megabyte).toFixed(2)).join(' ');
  context.diagnostic(`${(bytes / 1e9).toFixed(2)} GB in ${((performance.now() - began) / 1e3).toFixed(1)} s; Wasm ${shown(wasm.slice(-1))} MiB, page ${shown(heaps.page)}, worker ${shown(heaps.worker)}`);
  assert.ok(Math.max(...wasm) <= most, `Wasm: ${shown(wasm)} MiB`);
  for (const [name, values] of Object.entries({ wasm, ...heaps })) {
    assert.ok(slope(values) * sixHours <= most, `${name} grows: ${shown(values)} MiB`);
    assert.ok(Math.max(...values) - (values[0] ?? 0) <= most, `${name} grew: ${shown(values)} MiB`);
  }
  tools.close();
  await view.close();
});

/** A number for each packet of every track: the same for the same bytes. */
async function packets(file: string): Promise<string[][]> {
  const { stdout } = await runTool('ffmpeg', ['-v', 'error', '-ignore_editlist', '1', '-i', file, '-map', '0', '-c', 'copy', '-f', 'framehash', '-hash', 'murmur3', '-']);
  const tracks: string[][] = [];
  for (const [, track, hash] of stdout.toString().matchAll(/^(\d+),.*, *(\w+)$/gm)) (tracks[Number(track)] ??= []).push(hash ?? '');
  return tracks;
}

/** Fails unless an MP4 has `seconds` of the stream: each track's packets in order, round after round. Of sound, a round has a packet more than there is time for. */
async function assertRounds(file: string, seconds: number): Promise<void> {
  const [own, stream] = await Promise.all([packets(file), packets(join(setting.folder, 'stream.mp4'))]);
  assert.equal(own.length, 2);
  for (const [track, hashes] of own.entries()) {
    const all = stream[track] ?? [];
    const rounds = seconds / round;
    assert.ok(Math.abs(hashes.length - rounds * all.length) < rounds + 2, `${hashes.length} packets in ${seconds} s`);
    const numbers = hashes.map((hash) => all.indexOf(hash));
    const strays = numbers.filter((number, index) => {
      const step = (number - (numbers[index - 1] ?? number - 1) + all.length) % all.length;
      return number < 0 || (step !== 1 && !(step === 2 && number <= 1));
    });
    assert.deepEqual(strays, [], `track ${track}`);
  }
}

test('six hours of which nothing is given up, and a clip of them, fit the memory of the module', { timeout: 120_000 }, async (context) => {
  const view = await open({ window: 24 * 3_600, windowBytes: 2 ** 36 }, '/kept.mp4');
  const tools = await DevTools.attach(setting.browser.address, `${setting.site.origin}/page`);
  const seen: Record<'wasm' | 'page' | 'worker', number[]> = { wasm: [], page: [], worker: [] };
  const measure = async (): Promise<void> => {
    const [page, worker] = [await tools.pageHeap(), await tools.workerHeap()];
    seen.wasm.push(Number(await tools.inWorker('memory.buffer.byteLength')));
    seen.page.push(page.used + page.buffers);
    seen.worker.push(worker.used + worker.buffers);
  };
  const began = performance.now();
  for (let hour = 1; hour <= 6; hour += 1) {
    await view.evaluate((seconds) => feedTo(seconds), hour * 3_600);
    await measure();
  }
  const fed = performance.now();
  const { window, told } = await view.evaluate(() => ({ window: tape.window, told: globalThis.notices }));
  assert.deepEqual(told, []);
  assert.ok(window.start < 1 && window.end > kept - 5, JSON.stringify(window));
  const clip = await view.evaluate(async () => {
    const { start, end } = tape.window;
    const began = performance.now();
    const { blob, duration, copiedBytes } = await tape.clip({ start, end });
    return { millis: performance.now() - began, size: blob.size, duration, copiedBytes };
  });
  assert.ok(clip.duration > kept - 5, `${clip.duration} s`);
  assert.equal(clip.copiedBytes, 0);
  await measure();
  const shown = (values: readonly number[]): string => values.map((value) => (value / megabyte).toFixed(2)).join(' ');
  context.diagnostic(`${(clip.size / 1e9).toFixed(2)} GB in ${((fed - began) / 1e3).toFixed(1)} s, cut in ${clip.millis.toFixed(0)} ms; Wasm ${shown(seen.wasm)} MiB, page ${shown(seen.page)}, worker ${shown(seen.worker)}`);
  assert.ok(Math.max(...seen.wasm) <= most, `Wasm: ${shown(seen.wasm)} MiB`);
  for (const name of ['page', 'worker'] as const) assert.ok(Math.max(...seen[name]) - (seen[name][0] ?? 0) <= most, `${name} grew: ${shown(seen[name])} MiB`);
  tools.close();
  await view.close();
});

test('without private files the tape is in memory: no longer than 256 MiB, 288 MiB with what a clip holds, of which every byte can be read', { timeout: 90_000 }, async () => {
  const view = await open({ workerUrl: '/livetape/without_files.js' });
  await view.evaluate((seconds) => feedTo(seconds), 400);
  const { storage, window, told } = await view.evaluate(() => ({ storage: tape.storage, window: tape.window, told: globalThis.notices }));
  assert.deepEqual([storage, told], ['memory', []]);
  assert.ok(window.bytes <= 256 * megabyte && window.bytes > 200 * megabyte && window.held === 0, `${window.bytes} bytes`);
  assert.ok(window.end - window.start > 200 && window.start > 100, JSON.stringify(window));
  const clip = await view.evaluate(async (): Promise<{ size: number; duration: number; hash: string }> => {
    const { start, end } = tape.window;
    globalThis.held = await tape.clip({ start, end });
    return { size: held.blob.size, duration: held.duration, hash: await hashHeld() };
  });
  assert.ok(clip.duration > 200 && clip.size > 200 * megabyte, JSON.stringify(clip));
  const file = join(setting.folder, 'clip.mp4');
  const [download] = await Promise.all([view.waitForEvent('download'), view.evaluate(() => held.download('clip.mp4'))]);
  await download.saveAs(file);
  assert.equal(createHash('sha256').update(await readFile(file)).digest('hex'), clip.hash);
  await assertRounds(file, clip.duration);

  // The clip has the memory: the tape goes on with what is left.
  await view.evaluate((seconds) => feedTo(seconds), 500);
  const full = await view.evaluate(async () => ({ window: tape.window, hash: await hashHeld(), told: globalThis.notices }));
  assert.deepEqual(full.told, ['storage_short']);
  assert.ok(full.window.bytes <= 288 * megabyte && full.window.held > 200 * megabyte, JSON.stringify(full.window));
  assert.equal(full.hash, clip.hash);
  await view.evaluate(async () => {
    held.close();
    await feedTo(540);
  });
  const later = await view.evaluate(() => tape.window);
  assert.ok(later.held === 0 && later.end - later.start > 50, JSON.stringify(later));
  await view.close();
});
