// The same random calls of Media Source Extensions in a page without and in one with the tap: the page must see no difference.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchChromium } from '../browser/chromium.ts';
import { launchFirefox } from '../browser/firefox.ts';
import { serve, type Site } from '../browser/site.ts';
import { media } from '../live/media.ts';

/** Runs of random calls in each page, and groups of calls in each run. */
const [runs, groups] = [16, 30];

let site: Site;

before(async () => {
  const { high, low } = await media();
  const page = (head: string): { type: string; body: string } => ({ type: 'text/html', body: `<!doctype html>${head}<video muted></video>` });
  const piece = (body: Buffer | undefined): { type: string; body: Buffer } => ({ type: 'video/mp4', body: body as Buffer });
  site = await serve({
    '/plain': page(''),
    '/tapped': page('<script src="/livetape/tap.js"></script>'),
    '/0': piece(high.parts.video.init),
    '/1': piece(high.parts.video.segments[0]?.bytes),
    '/2': piece(low.parts.video.init),
    '/3': piece(low.parts.video.segments[1]?.bytes),
    '/4': piece(high.parts.audio.init),
    '/5': piece(high.parts.audio.segments[0]?.bytes),
  });
});

after(() => site?.close());

/**
 * What the page does and sees in one run, group by group; everything random comes from `seed`. Bytes that cannot be played end a run:
 * when the browser has found out, and what it has taken away by then, differs from time to time. Runs in the page.
 */
async function run(seed: number, groups: number): Promise<string[]> {
  let state = seed * 7919 + 1;
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const pick = <Thing>(things: readonly Thing[]): Thing => things[random(things.length)] as Thing;
  const log: string[] = [];
  const pieces = await Promise.all(Array.from({ length: 6 }, async (_, index) => new Uint8Array(await (await fetch(`/${index}`)).arrayBuffer())));
  document.querySelector('video')?.remove();
  const video = document.body.appendChild(document.createElement('video'));
  const source = new MediaSource();
  const tap = (globalThis as unknown as Record<symbol, { attach(source: MediaSource, sink: object): unknown } | undefined>)[Symbol.for('livetape.tap')];
  // Half of the runs have a recorder listen.
  if (seed % 2) tap?.attach(source, { source: () => undefined, call: () => undefined });
  video.src = URL.createObjectURL(source);
  await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
  const buffers: SourceBuffer[] = [];
  const events: string[][] = [];
  let [broken, ended] = [false, false];
  // What was begun on each buffer, and how often its end was told.
  const begun: number[] = [];
  const over: number[] = [];
  let look = (): void => undefined;
  video.addEventListener('error', () => {
    broken = true;
    look();
  });
  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (broken || buffers.every((_, index) => over[index] === begun[index])) resolve();
      };
      look();
    });
  const watch = (name: string, target: EventTarget, types: readonly string[]): void => {
    // A browser promises no order among events of different objects: each has a log of its own.
    const own: string[] = [];
    events.push(own);
    for (const type of types) {
      target.addEventListener(type, (event) => {
        if (type === 'error') broken = true;
        own.push(`${name}: ${type} ${event.isTrusted} ${event.target === target}`);
      });
    }
  };
  watch('source', source, ['sourceended', 'sourceclose', 'sourceopen']);
  watch('list', source.sourceBuffers, ['addsourcebuffer', 'removesourcebuffer']);

  const told = (value: unknown): string => (value instanceof SourceBuffer ? `buffer ${buffers.indexOf(value)}` : `${typeof value} ${String(value)}`);
  const attempt = (what: string, call: () => unknown): boolean => {
    try {
      log.push(`${what} = ${told(call())}`);
      return true;
    } catch (error) {
      const { name, message } = error as Error;
      log.push(`${what} threw ${name}: ${message} ${Object.prototype.toString.call(error)}`);
      return false;
    }
  };
  const data = (index: number): { bytes: Uint8Array; given: unknown } => {
    const whole = pick(index === 1 ? pieces.slice(4) : pieces.slice(0, 4));
    const length = pick([whole.length, whole.length, whole.length, whole.length, random(whole.length), random(9), 0]);
    const copy = new Uint8Array(length + 24);
    copy.set(whole.subarray(0, length), 8);
    if (random(40) === 0) copy.fill(0xab, 8);
    const bytes = copy.subarray(8, 8 + length);
    return { bytes, given: pick<() => unknown>([() => bytes, () => bytes.slice().buffer, () => new DataView(copy.buffer, 8, length), () => new Uint16Array(bytes.slice(0, length & ~1).buffer)])() };
  };
  const times = [0, 0.5, 1, 2.5, 4, 7, -1, NaN, Infinity, -Infinity, '3', 'x', null, undefined, {}];
  const mimes = ['video/mp4; codecs="avc1.64001e"', 'audio/mp4; codecs="mp4a.40.2"', 'video/mp4; codecs="avc1.4d400c"', 'video/none', '', undefined];
  const onBuffer = (buffer: SourceBuffer, index: number): void => {
    const name = `buffer ${index}`;
    const settable = buffer as unknown as Record<string, unknown>;
    const begin = (what: string, call: () => unknown): void => void (attempt(what, call) && (begun[index] = (begun[index] ?? 0) + 1));
    const set = (property: string, value: unknown): boolean => attempt(`${name}.${property} := ${told(value)}`, () => {
      settable[property] = value;
      return settable[property];
    });
    pick<() => unknown>([
      ...Array<() => unknown>(5).fill(() => {
        const { bytes, given } = data(index);
        const before = bytes.slice();
        begin(`${name}.appendBuffer ${Object.prototype.toString.call(given)} ${bytes.length}`, () => buffer.appendBuffer(given as BufferSource));
        log.push(`left intact: ${bytes.length === before.length && bytes.every((byte, index) => byte === before[index])} ${(given as ArrayBuffer).byteLength}`);
      }),
      // How much of an append is kept that is under way differs from time to time.
      () => buffer.updating || attempt(`${name}.abort`, () => buffer.abort()),
      () => attempt(`${name}.changeType`, () => buffer.changeType(pick(mimes) as string)),
      () => begin(`${name}.remove`, () => buffer.remove(pick(times) as number, pick(times) as number)),
      () => set('mode', pick(['segments', 'sequence', 'none', 3])),
      () => set('timestampOffset', pick(times)),
      () => set('appendWindowStart', pick(times)),
      () => set('appendWindowEnd', pick(times)),
      () => attempt(`${name}.appendBuffer of a text`, () => buffer.appendBuffer('bytes' as unknown as BufferSource)),
      () => attempt(`${name}.appendBuffer()`, () => (buffer.appendBuffer as unknown as () => void)()),
      () => attempt(`${name}.appendBuffer on another`, () => buffer.appendBuffer.call(source as unknown as SourceBuffer, new ArrayBuffer(8))),
      () => attempt(`removeSourceBuffer ${name}`, () => source.removeSourceBuffer(buffer)),
    ])();
  };
  for (let group = 0; group < groups; group += 1) {
    for (let call = random(3); call >= 0; call -= 1) {
      const index = random(buffers.length + 1);
      const buffer = buffers[index];
      if (buffer) onBuffer(buffer, index);
      else if (random(8) === 0) {
        attempt('endOfStream', () => {
          source.endOfStream();
          ended = true;
        });
      }
      else
        attempt('addSourceBuffer', () => {
          const made = source.addSourceBuffer((buffers.length < 2 ? mimes[buffers.length] : pick(mimes)) as string);
          const number = buffers.push(made) - 1;
          [begun[number], over[number]] = [0, 0];
          // First: what waits for the end of the last update goes on before the next listener is called.
          watch(`buffer ${number}`, made, ['updatestart', 'update', 'updateend', 'error', 'abort']);
          made.addEventListener('updateend', () => {
            over[number] = (over[number] ?? 0) + 1;
            look();
          });
          return made;
        });
    }
    await settled();
    const states = buffers.map((buffer) => {
      try {
        const { updating, mode, timestampOffset, appendWindowStart, appendWindowEnd } = buffer;
        const ranges = Array.from({ length: buffer.buffered.length }, (_, index) => [buffer.buffered.start(index), buffer.buffered.end(index)]);
        return JSON.stringify([updating, mode, timestampOffset, appendWindowStart, String(appendWindowEnd), ranges]);
      } catch (error) {
        return `no state: ${(error as Error).message}`;
      }
    });
    if (broken || video.error || (source.readyState === 'ended' && !ended)) return [...log, 'broken'];
    log.push(...states, `${source.readyState} ${source.duration} ${source.sourceBuffers.length}`);
  }
  if (source.readyState === 'open') {
    // The events of what was done last come before this one.
    const last = new Promise((resolve) => source.addEventListener('sourceended', resolve, { once: true }));
    source.endOfStream();
    await last;
  }
  return broken ? [...log, 'broken'] : [...log, ...events.flat()];
}

/** Everything that can be seen of a function or property without calling it. Runs in the page. */
function looks(): unknown[] {
  const seen = (call: unknown): unknown[] => {
    if (typeof call !== 'function') return [typeof call];
    const own = Object.entries(Object.getOwnPropertyDescriptors(call)).map(([name, { configurable, enumerable, writable, value }]) => [name, configurable, enumerable, writable, typeof value]);
    return [call.name, call.length, call.toString(), `${call}`, own, 'prototype' in call, Object.getPrototypeOf(call) === Function.prototype, Object.isExtensible(call)];
  };
  const owners: [string, object][] = [['MediaSource', MediaSource.prototype], ['SourceBuffer', SourceBuffer.prototype], ['URL', URL]];
  return owners.flatMap(([owner, holder]) =>
    Object.entries(Object.getOwnPropertyDescriptors(holder)).map(([name, { configurable, enumerable, writable, value, get, set }]) => [owner, name, configurable, enumerable, writable, seen(value), seen(get), seen(set)]),
  );
}

interface Driven {
  goto(url: string): Promise<unknown>;
  evaluate<Args extends unknown[], Result>(script: (...args: Args) => Result, ...args: Args): Promise<Awaited<Result>>;
}

for (const [name, launch] of [['Chromium', launchChromium], ['Firefox', launchFirefox]] as const) {
  test(`${name}: ${runs} times ${groups} groups of random calls: results, exceptions, events, states and looks are the same`, { timeout: 120_000 }, async () => {
    const browser = await launch();
    try {
      const page = (await browser.newPage()) as unknown as Driven;
      const seen: Record<string, { looks: unknown[]; logs: string[][] }> = {};
      for (const path of ['plain', 'tapped']) {
        await page.goto(`${site.origin}/${path}`);
        const logs: string[][] = [];
        for (let seed = 1; seed <= runs; seed += 1) {
          // One argument, which both drivers hand on alike.
          logs.push((await page.evaluate(`(${run.toString()})(${seed}, ${groups})` as never)) as unknown as string[]);
        }
        seen[path] = { looks: await page.evaluate(looks), logs };
      }
      const { plain, tapped } = seen as Record<'plain' | 'tapped', { looks: unknown[]; logs: string[][] }>;
      let compared = 0;
      plain.logs.forEach((log, index) => {
        const other = tapped.logs[index] ?? [];
        const broken = [log, other].map((lines) => lines.indexOf('broken')).filter((at) => at >= 0);
        const length = broken.length > 0 ? Math.min(...broken) : Math.max(log.length, other.length);
        const differs = Array.from({ length }, (_, at) => log[at] === other[at]).indexOf(false);
        assert.equal(differs, -1, `run ${index + 1}: ${log.slice(Math.max(0, differs - 3), differs + 1).join('\n')}\nwith the tap: ${other[differs]}`);
        compared += length;
      });
      assert.deepEqual(tapped.looks, plain.looks);
      assert.ok(compared > 500, `${compared} lines`);
      // The calls were worth it: some worked and some did not.
      const lines = plain.logs.flat();
      for (const what of [/appendBuffer .* = undefined/, /appendBuffer .* threw/, /: updateend/, /timestampOffset := number \d.* = number/, /mode := string sequence = string sequence/, /abort = undefined/, /changeType = undefined/, /"sequence"/]) {
        assert.ok(lines.some((line) => what.test(line)), `no ${what} in ${lines.length} lines`);
      }
    } finally {
      await browser.close();
    }
  });
}
