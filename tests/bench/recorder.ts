// `cargo xtask bench recorder`: what the recorder costs a page. Started with the folder for its input and optionally a number of
// rounds; writes its section of BENCHMARKS.md.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { launchProfile } from '../browser/chromium.ts';
import { serve } from '../browser/site.ts';
import { bundled } from './bundle.ts';
import { inputs } from './input.ts';
import type { RecorderPage } from './recorder/page.ts';
import { median } from './report.ts';
import { writeSection } from './sections.ts';
import { commit, load, machine, root, today, version } from './setting.ts';

const [folder = '', rounds = '5'] = process.argv.slice(2);

/** Minutes on the tape when clips are cut. */
const lengths = [1, 10, 60] as const;

/** Gives the worker's Wasm memory a name, to be asked for its size. */
const watched = `
const start = WebAssembly.instantiateStreaming;
WebAssembly.instantiateStreaming = async (...given) => {
  const made = await start(...given);
  globalThis.wasmMemory = made.instance.exports.memory;
  return made;
};`;

/** The player's buffer takes everything at once, those that show the past take it as they do; comes before the tap. */
const sink = `{
  const { appendBuffer: append } = SourceBuffer.prototype;
  SourceBuffer.prototype.appendBuffer = function appendBuffer(bytes) {
    if (this !== globalThis.sunk) append.call(this, bytes);
  };
}`;

/** Moments that are shown, and pictures that are taken. */
const moments = 20;

const built = (name: string): Promise<Buffer> => readFile(`${root}www/dist/livetape/${name}`);
const zipped = async (name: string): Promise<number> => gzipSync(await built(name), { level: 9 }).length;
const part = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;

/** The median and the worst of what should take no longer than `most` milliseconds. */
function within(what: string, most: number, millis: readonly number[]): [what: string, wanted: string, reached: string, met: boolean][] {
  const of = [['median', median(millis)], ['worst', Math.max(...millis)]] as const;
  return of.map(([which, value]) => [`${what}, ${which} of ${millis.length}`, `<= ${most} ms`, `${value.toFixed(0)} ms`, value <= most]);
}

// With these the browser's clock shows microseconds.
const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
const input = await inputs(folder);
const before = load();
const site = await serve({
  '/': { type: 'text/html', headers: isolated, body: `<!doctype html><title>bench</title><script>${sink}</script><script src="/livetape/tap.js"></script><input type="file"><video muted></video><script type="module" src="/page.js"></script>` },
  '/favicon.ico': { type: 'image/x-icon', body: '' },
  '/page.js': { type: 'text/javascript', body: await bundled('recorder/page.ts') },
  '/livetape/worker.js': { type: 'text/javascript', headers: isolated, body: `${watched}\n${(await built('worker.js')).toString()}` },
});
const browser = await launchProfile(`${folder}/recorder-profile`);
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(600_000);
  page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
  await page.goto(site.origin);
  await page.locator('input').setInputFiles(input.stream);
  const ask = <Name extends keyof RecorderPage>(name: Name, ...given: Parameters<RecorderPage[Name]>): Promise<Awaited<ReturnType<RecorderPage[Name]>>> =>
    page.evaluate(([name, given]) => {
      const { recorderPage } = globalThis as unknown as { recorderPage: Record<string, (...given: unknown[]) => unknown> };
      return recorderPage[name]?.(...given);
    }, [name, given] as const) as Promise<Awaited<ReturnType<RecorderPage[Name]>>>;
  const heap = await page.context().newCDPSession(page);
  const pageHeap = async (): Promise<number> => {
    await heap.send('HeapProfiler.collectGarbage');
    return (await heap.send('Runtime.getHeapUsage')).usedSize;
  };
  const wasm = (): Promise<number> => {
    const worker = page.workers().find((worker) => worker.url().endsWith('worker.js'));
    if (!worker) throw new Error("the tape's worker is not there");
    return worker.evaluate(() => (globalThis as unknown as { wasmMemory: WebAssembly.Memory }).wasmMemory.buffer.byteLength);
  };

  await ask('open', 'video/mp4; codecs="avc1.640028, mp4a.40.2"');
  const [tapped, bare]: [number[], number[]] = [[], []];
  const tapes: { minutes: number; seconds: number; bytes: number; millis: number; copied: number; memory: number; heap: number }[] = [];
  for (const minutes of lengths) {
    const fed = await ask('feed', minutes * 60);
    tapped.push(...fed.tapped);
    bare.push(...fed.bare);
    const { millis, copied } = await ask('clips', Number(rounds));
    tapes.push({ minutes, ...(await ask('length')), millis: median(millis), copied, memory: await wasm(), heap: await pageHeap() });
    console.log(`  ${minutes} min: ${median(millis).toFixed(1)} ms`);
  }
  const seeks = await ask('seeks', moments);
  const screenshots = await ask('screenshots', moments);
  const others: number[] = [];
  for (let round = 0; round < Number(rounds); round++) others.push(await ask('mediabunny'));
  const clip = (minutes: (typeof lengths)[number]): number => tapes.find((tape) => tape.minutes === minutes)?.millis ?? NaN;
  const targets = [
    ['tap, 1 MiB append, p50', '<= 0.3 ms', `${part(tapped, 0.5).toFixed(2)} ms`, part(tapped, 0.5) <= 0.3],
    ['tap, 1 MiB append, p99, times a bare copy and postMessage', '<= 1.5', (part(tapped, 0.99) / part(bare, 0.99)).toFixed(2), part(tapped, 0.99) <= 1.5 * part(bare, 0.99)],
    ['clip of one hour', '<= 100 ms', `${clip(60).toFixed(1)} ms`, clip(60) <= 100],
    ...within('seek to picture', 500, seeks),
    ...within('screenshot', 300, screenshots),
  ] as const;
  const mebi = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  const rows = tapes.map(
    ({ minutes, seconds, bytes, millis, copied, memory, heap }) =>
      `| ${minutes} min (${seconds.toFixed(0)} s, ${(bytes / 1e6).toFixed(0)} MB) | ${millis.toFixed(1)} | ${copied} | ${mebi(memory)} | ${mebi(heap)} |`,
  );
  const sizes = await Promise.all(['tap.js', 'index.js', 'element.js', 'worker.js', 'livetape_tap_bg.wasm', 'livetape_clip.wasm', 'livetape_web_bg.wasm'].map(async (name) => `${name} ${await zipped(name)}`));
  const text = `## Recorder

\`cargo xtask bench recorder\`. Commit ${commit()}, ${today()}, ${machine}, load average ${before} at the start, ${load()} at the end. Chromium ${browser.browser()?.version()}, ${version('tests/node_modules/mediabunny')}.

| | wanted | reached | |
|---|---|---|---|
${targets.map(([what, wanted, reached, met]) => `| ${what} | ${wanted} | ${reached} | ${met ? 'yes' : '**no**'} |`).join('\n')}

Tap: ${tapped.length} appends of 1 MiB, on the page's main thread, into a SourceBuffer that does nothing; each before or after a copy into a used buffer and a \`postMessage\` of the same bytes to a worker that sends the buffer back. p50 ${part(tapped, 0.5).toFixed(3)} ms and ${part(bare, 0.5).toFixed(3)} ms, p99 ${part(tapped, 0.99).toFixed(3)} ms and ${part(bare, 0.99).toFixed(3)} ms. All went onto one tape in the origin private file system, faster than real time.

| on the tape | clip of all, ms (median of ${rounds}) | media bytes copied | Wasm memory, MiB | page's heap, MiB |
|---|---|---|---|---|
${rows.join('\n')}

Export beside mediabunny: 300 s of fragmented MP4 to an MP4 file in the origin private file system takes its \`Conversion\` ${median(others).toFixed(0)} ms; a clip is a Blob of stored bytes: ${clip(1).toFixed(1)} ms for one minute, ${clip(60).toFixed(1)} ms for an hour.

Seek to picture: from \`replay.seek()\` (the first time \`tape.replay()\`) to a moment anywhere in the hour until a video of its own presents the picture; screenshot: \`tape.screenshot()\` of such a moment, until there is a JPEG. 1080p.

Gzipped bytes: ${sizes.join(', ')}.
`;
  console.log(text);
  await writeSection(`${root}BENCHMARKS.md`, 'recorder', text);
  const missed = targets.filter(([, , , met]) => !met);
  console.log(missed.length === 0 ? 'every target is reached' : `${missed.length} targets are missed`);
} finally {
  await browser.close();
  await site.close();
}
