// Hours of a stream, fed faster than real time: neither the module's memory nor the heaps of page and worker grow.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DevTools } from '../browser/devtools.ts';
import type {} from './feeding.ts';
import type {} from './recovering.ts';
import { launchKillable, type Killable } from '../browser/killable.ts';
import { serve, type Site } from '../browser/site.ts';
import { runTool } from '../media/tool.ts';
import type { TapeOptions } from '../../www/sdk/src/index.ts';

/** Minutes of stream: the soak has six hours. */
const minutes = Number(process.env['LIVETAPE_MEMORY_MINUTES'] ?? 20);
const megabyte = 1 << 20;
/** Bytes of the module's memory, and growth of a heap in six hours. */
const most = 16 * megabyte;
/** Seconds of the file that is fed over and over. */
const round = 16;

let folder: string;
let site: Site;
let browser: Killable;

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

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-memory-'));
  const file = join(folder, 'stream.mp4');
  await runTool('ffmpeg', [
    '-v', 'error', '-f', 'lavfi', '-i', `nullsrc=s=640x360:r=25:d=${round},geq=random(1)*255:128:128`, '-f', 'lavfi', '-i', `sine=d=${round}`,
    '-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '7900k', '-minrate', '7900k', '-maxrate', '7900k', '-bufsize', '2M', '-g', '50', '-c:a', 'aac', '-b:a', '128k',
    '-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-t', String(round), file,
  ]);
  const worker = await readFile(new URL('../../www/dist/livetape/worker.js', import.meta.url), 'utf8');
  site = await serve({
    '/page': { type: 'text/html', body: page },
    '/stream.mp4': { type: 'video/mp4', body: await readFile(file) },
    '/livetape/worker.js': { type: 'text/javascript', body: shown + worker },
    '/livetape/without_files.js': { type: 'text/javascript', body: `delete StorageManager.prototype.getDirectory;${worker}` },
  });
  browser = await launchKillable(join(folder, 'profile'));
});

after(async () => {
  await browser?.close();
  await site?.close();
  if (folder) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

type Sdk = typeof import('../../www/sdk/src/index.ts');

declare global {
  /** Feeds up to so many seconds; gives the bytes that have been appended. */
  var feedTo: (seconds: number) => Promise<number>;
}

async function begin({ round, options }: { round: number; options: TapeOptions }): Promise<void> {
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
  const file = new Uint8Array(await (await fetch('/stream.mp4')).arrayBuffer());
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
}

/** Bytes that a row of measurements grows by, from one to the next. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [up, across] = values.reduce(([up, across], value, at) => [up + (at - middle) * (value - mean), across + (at - middle) ** 2], [0, 0]);
  return up / across;
}

test(`${minutes} minutes at 8 Mb/s: the module's memory and both heaps stay flat`, { timeout: 60_000 + minutes * 30_000 }, async (context) => {
  const view = await browser.context.newPage();
  await view.goto(`${site.origin}/page`);
  await view.evaluate(begin, { round, options: { window: 300 } });
  const tools = await DevTools.attach(browser.address, `${site.origin}/page`);
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

test('without private files the tape is in memory, and no longer than 256 MiB', { timeout: 60_000 }, async () => {
  const view = await browser.context.newPage();
  await view.goto(`${site.origin}/page`);
  await view.evaluate(begin, { round, options: { workerUrl: '/livetape/without_files.js' } });
  await view.evaluate((seconds) => feedTo(seconds), 400);
  const { storage, window, told } = await view.evaluate(() => ({ storage: tape.storage, window: tape.window, told: globalThis.notices }));
  assert.deepEqual([storage, told], ['memory', []]);
  assert.ok(window.bytes <= 256 * megabyte && window.bytes > 200 * megabyte, `${window.bytes} bytes`);
  assert.ok(window.end - window.start > 200 && window.start > 100, JSON.stringify(window));
  const { size, duration } = await view.evaluate(async () => {
    const { start, end } = tape.window;
    const { blob, duration } = await tape.clip({ start, end });
    return { size: (await blob.slice(blob.size - 1000).arrayBuffer()).byteLength, duration };
  });
  assert.equal(size, 1000);
  assert.ok(duration > 200);
  await view.close();
});
