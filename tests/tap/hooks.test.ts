// The tap must be invisible to the page and see every byte: each case runs twice in Chromium, without and with it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { serve, type Site } from '../browser/site.ts';

let browser: Browser;
let site: Site;

before(async () => {
  const html = (head: string): { type: string; body: string } => ({ type: 'text/html', body: `<!doctype html>${head}<video id=video muted></video>` });
  [browser, site] = await Promise.all([
    launchChromium(),
    serve({
      '/plain': html(''),
      '/classic': html('<script src="/livetape/tap.js"></script>'),
      '/module': html('<script type="module" src="/livetape/tap.js"></script>'),
      '/twice': html('<script src="/livetape/tap.js"></script><script src="/livetape/tap.js"></script>'),
      // As on an iPhone: no MediaSource and no SourceBuffer by name, only what inherits from them.
      '/managed': html(`<script>
        const original = SourceBuffer;
        globalThis.ManagedMediaSource = class ManagedMediaSource extends MediaSource {};
        globalThis.ManagedSourceBuffer = class ManagedSourceBuffer extends original {};
        delete globalThis.MediaSource;
        delete globalThis.SourceBuffer;
      </script><script src="/livetape/tap.js"></script>`),
      '/sample.mp4': { file: 'www/demo/sample/sample.mp4' },
    }),
  ]);
});

after(async () => {
  await browser?.close();
  await site?.close();
});

async function open<T>(path: string, run: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.newPage();
  try {
    await page.goto(site.origin + path);
    await page.evaluate(mseTools);
    return await run(page);
  } finally {
    await page.close();
  }
}

/** Runs the same in a page without and in one with the tap, and expects the same. Gives the result. */
async function same<T>(run: (page: Page) => Promise<T>): Promise<T> {
  const plain = await open('/plain', run);
  assert.deepEqual(await open('/classic', run), plain);
  assert.deepEqual(await open('/module', run), plain);
  return plain;
}

interface MseTools {
  readonly mime: string;
  /** The sample: init segment, then eight fragments. */
  pieces(): Promise<Uint8Array<ArrayBuffer>[]>;
  /** A media source that `#video` has opened. */
  opened(): Promise<MediaSource>;
  append(buffer: SourceBuffer, data: BufferSource): Promise<void>;
  /** Message and name of what `run` throws. */
  thrown(run: () => unknown): string;
  /** What a tap's sink is told, in words. */
  record(): { sink: object; told: string[]; bytes: Map<number, number[]> };
  tap(): { find(video: Element | null): MediaSource | undefined; attach(owner: MediaSource, sink: object): (() => void) | undefined };
}

declare global {
  var mse: MseTools;
}

function mseTools(): void {
  globalThis.mse = {
    mime: 'video/mp4; codecs="avc1.64001e,mp4a.40.2"',
    async pieces() {
      const bytes = new Uint8Array(await (await fetch('/sample.mp4')).arrayBuffer());
      const view = new DataView(bytes.buffer);
      const starts: number[] = [0];
      for (let at = 0; at < bytes.length; at += view.getUint32(at)) {
        if (view.getUint32(at + 4) === 0x6d6f6f66) starts.push(at);
      }
      return starts.map((start, index) => bytes.slice(start, starts[index + 1]));
    },
    opened() {
      const source = new MediaSource();
      const video = document.querySelector('video') as HTMLVideoElement;
      video.src = URL.createObjectURL(source);
      return new Promise((resolve) => source.addEventListener('sourceopen', () => resolve(source), { once: true }));
    },
    append(buffer, data) {
      buffer.appendBuffer(data);
      return new Promise((resolve) => buffer.addEventListener('updateend', () => resolve(), { once: true }));
    },
    thrown(run) {
      try {
        run();
        return 'nothing';
      } catch (error) {
        return error instanceof Error || error instanceof DOMException ? `${error.name}: ${error.message}` : String(error);
      }
    },
    record() {
      const told: string[] = [];
      const bytes = new Map<number, number[]>();
      const sink = {
        source: (source: number, mime: string) => told.push(`source ${source} ${mime}`),
        call: (source: number, name: string, value: unknown, offset: number) => {
          if (name !== 'appendBuffer') return told.push(`${name} ${source} ${value}`);
          const data = value as BufferSource;
          const view = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
          bytes.set(source, (bytes.get(source) ?? []).concat([...view]));
          return told.push(`append ${source} ${view.length} ${offset}`);
        },
      };
      return { sink, told, bytes };
    },
    tap: () => (globalThis as unknown as Record<symbol, ReturnType<MseTools['tap']>>)[Symbol.for('livetape.tap')] as ReturnType<MseTools['tap']>,
  };
}

test('hooked functions look like the browser’s own', { timeout: 60_000 }, async () => {
  const looks = await same((page) =>
    page.evaluate(() => {
      const look = (owner: object, name: string): unknown[] => {
        const property = Object.getOwnPropertyDescriptor(owner, name);
        const call = property?.value as (() => unknown) | undefined;
        return [
          name, property?.writable, property?.enumerable, property?.configurable, typeof call, call?.name, call?.length, call?.toString(), `${String(call)}`,
          Object.keys(call ?? {}), Object.getPrototypeOf(call) === Function.prototype, call && 'prototype' in call,
          /\[native code\]/.test(Function.prototype.toString.call(call)),
        ];
      };
      const owners: [object, string][] = [
        [MediaSource.prototype, 'addSourceBuffer'], [SourceBuffer.prototype, 'appendBuffer'], [SourceBuffer.prototype, 'abort'],
        [SourceBuffer.prototype, 'changeType'], [URL, 'createObjectURL'],
      ];
      return {
        looks: owners.map(([owner, name]) => look(owner, name)),
        keys: [MediaSource.prototype, SourceBuffer.prototype, URL].map((owner) => Object.getOwnPropertyNames(owner)),
        offset: Object.getOwnPropertyDescriptor(SourceBuffer.prototype, 'timestampOffset')?.set?.name,
        isTypeSupported: MediaSource.isTypeSupported(mse.mime),
      };
    }),
  );
  assert.equal(looks.looks.length, 5);
  assert.equal(looks.isTypeSupported, true);
});

test('results and exceptions are the browser’s own', { timeout: 60_000 }, async () => {
  const seen = await same((page) =>
    page.evaluate(async () => {
      const source = await mse.opened();
      const [init, first] = await mse.pieces();
      const buffer = source.addSourceBuffer(mse.mime);
      const results: unknown[] = [
        buffer instanceof SourceBuffer,
        buffer === source.sourceBuffers[0],
        mse.thrown(() => source.addSourceBuffer('video/none')),
        mse.thrown(() => (MediaSource.prototype.addSourceBuffer as (this: unknown, mime: string) => void).call({}, mse.mime)),
        mse.thrown(() => (source.addSourceBuffer as unknown as () => void)()),
        mse.thrown(() => buffer.appendBuffer('bytes' as unknown as BufferSource)),
        mse.thrown(() => SourceBuffer.prototype.appendBuffer.call({}, new ArrayBuffer(8))),
        mse.thrown(() => new (buffer.appendBuffer as unknown as new () => unknown)()),
        mse.thrown(() => buffer.changeType('video/none')),
        mse.thrown(() => URL.createObjectURL({} as Blob)),
        buffer.appendBuffer(init as Uint8Array<ArrayBuffer>),
        mse.thrown(() => buffer.appendBuffer(first as Uint8Array<ArrayBuffer>)),
        mse.thrown(() => buffer.changeType(mse.mime)),
      ];
      await new Promise((resolve) => buffer.addEventListener('updateend', resolve, { once: true }));
      await mse.append(buffer, first as Uint8Array<ArrayBuffer>);
      results.push(buffer.buffered.start(0), buffer.buffered.end(0), buffer.abort(), buffer.changeType(mse.mime), URL.createObjectURL(new Blob()).startsWith('blob:'));
      buffer.timestampOffset = 3;
      results.push(buffer.timestampOffset);
      source.removeSourceBuffer(buffer);
      results.push(mse.thrown(() => buffer.appendBuffer(first as Uint8Array<ArrayBuffer>)), mse.thrown(() => buffer.abort()));
      return results;
    }),
  );
  assert.match(String(seen[5]), /^TypeError: Failed to execute 'appendBuffer'/);
  assert.match(String(seen[11]), /^InvalidStateError: /);
  assert.equal(seen[13], 0);
});

test('what the page appends is untouched, and what plays is the sample', { timeout: 60_000 }, async () => {
  await same((page) =>
    page.evaluate(async () => {
      const source = await mse.opened();
      const buffer = source.addSourceBuffer(mse.mime);
      const pieces = await mse.pieces();
      const sums: number[] = [];
      for (const piece of pieces) {
        const before = piece.slice();
        await mse.append(buffer, piece);
        sums.push(piece.byteLength, Number(piece.every((byte, index) => byte === before[index])));
      }
      source.endOfStream();
      return [sums, source.duration, buffer.buffered.length, buffer.buffered.end(0)];
    }),
  );
});

test('an attached sink is told every append byte for byte, in order, with its offset; failed calls are not told', { timeout: 60_000 }, async () => {
  const { told, equal, expected } = await open('/classic', (page) =>
    page.evaluate(async () => {
      const source = await mse.opened();
      const { sink, told, bytes } = mse.record();
      const detach = mse.tap().attach(source, sink);
      const pieces = await mse.pieces();
      const buffer = source.addSourceBuffer(mse.mime);
      for (const piece of pieces.slice(0, 3)) await mse.append(buffer, piece);
      buffer.abort();
      buffer.timestampOffset = 2;
      const whole = pieces[3] as Uint8Array<ArrayBuffer>;
      const padded = new Uint8Array(whole.length + 20);
      padded.set(whole, 10);
      await mse.append(buffer, new DataView(padded.buffer, 10, whole.length));
      buffer.changeType(mse.mime);
      buffer.appendBuffer(pieces[0] as Uint8Array<ArrayBuffer>);
      mse.thrown(() => buffer.appendBuffer(whole));
      mse.thrown(() => source.addSourceBuffer('video/none'));
      await new Promise((resolve) => buffer.addEventListener('updateend', resolve, { once: true }));
      detach?.();
      await mse.append(buffer, whole);
      const expected = [0, 1, 2, 3, 0].map((index) => pieces[index] as Uint8Array);
      const joined = expected.flatMap((piece) => [...piece]);
      const got = bytes.get(1) ?? [];
      return { told, equal: joined.length === got.length && joined.every((byte, index) => byte === got[index]), expected: expected.map((piece) => piece.length) };
    }),
  );
  const mime = 'video/mp4; codecs="avc1.64001e,mp4a.40.2"';
  assert.deepEqual(told, [
    `source 1 ${mime}`, `append 1 ${expected[0]} 0`, `append 1 ${expected[1]} 0`, `append 1 ${expected[2]} 0`, 'abort 1 undefined',
    'timestampOffset 1 2', `append 1 ${expected[3]} 2`, `changeType 1 ${mime}`, `append 1 ${expected[4]} 2`,
  ]);
  assert.ok(equal);
});

test('a sink that comes late gets the init segment and the latest appends; a second one gets the init segment again', { timeout: 60_000 }, async () => {
  const seen = await open('/module', (page) =>
    page.evaluate(async () => {
      const source = await mse.opened();
      const buffer = source.addSourceBuffer(mse.mime);
      const pieces = await mse.pieces();
      // One append holds the init segment and half a fragment, the next the rest of it.
      const [init, first, second, third] = pieces as [Uint8Array, Uint8Array, Uint8Array, Uint8Array<ArrayBuffer>];
      const head = new Uint8Array(init.length + 1000);
      head.set(init);
      head.set(first.subarray(0, 1000), init.length);
      await mse.append(buffer, head);
      await mse.append(buffer, first.slice(1000));
      await mse.append(buffer, second.slice());
      buffer.abort();
      const early = mse.record();
      const late = mse.record();
      const found = mse.tap().find(document.querySelector('video')) === source;
      mse.tap().attach(source, early.sink);
      await mse.append(buffer, third);
      mse.tap().attach(source, late.sink);
      const joined = [init, first, second, third].flatMap((piece) => [...piece]);
      const got = early.bytes.get(1) ?? [];
      return {
        found, early: early.told.slice(1), late: late.told.slice(1), lengths: [init, first, second, third].map((piece) => piece.length),
        equal: joined.length === got.length && joined.every((byte, index) => byte === got[index]),
      };
    }),
  );
  const [init, first, second, third] = seen.lengths as [number, number, number, number];
  assert.ok(seen.found);
  assert.deepEqual(seen.early, [`append 1 ${init} 0`, 'append 1 1000 0', `append 1 ${first - 1000} 0`, `append 1 ${second} 0`, 'abort 1 undefined', `append 1 ${third} 0`]);
  assert.deepEqual(seen.late, ['abort 1 undefined', 'joined 1 0', `append 1 ${init} 0`]);
  assert.ok(seen.equal);
});

test('what is remembered stays below 16 MiB, begins at a fragment, and keeps the latest init segment', { timeout: 60_000 }, async () => {
  const seen = await open('/classic', (page) =>
    page.evaluate(async () => {
      const source = await mse.opened();
      const buffer = source.addSourceBuffer(mse.mime);
      const pieces = await mse.pieces();
      let appended = 0;
      for (let round = 0; round < 12; round += 1) {
        buffer.timestampOffset = round * 16;
        for (const piece of pieces) {
          await mse.append(buffer, piece);
          appended += piece.length;
        }
        const video = document.querySelector('video') as HTMLVideoElement;
        if (round > 1) video.currentTime = round * 16;
      }
      const { sink, told, bytes } = mse.record();
      mse.tap().attach(source, sink);
      const got = bytes.get(1) ?? [];
      const type = (at: number): string => String.fromCharCode(...got.slice(at + 4, at + 8));
      return { appended, kept: got.length, first: type(0), second: type((pieces[0] as Uint8Array).length), last: told.at(-1) };
    }),
  );
  assert.ok(seen.appended > 20e6, `${seen.appended}`);
  assert.ok(seen.kept < 2 ** 24 + 2000 && seen.kept > 2 ** 24 - 1e6, `${seen.kept}`);
  assert.equal(seen.first, 'ftyp');
  assert.ok(['moof', 'ftyp'].includes(seen.second), seen.second);
  assert.match(String(seen.last), / 176$/);
});

test('a source buffer that is older than the tap is refused', { timeout: 60_000 }, async () => {
  const attached = await open('/plain', (page) =>
    page.evaluate(async () => {
      const source = await mse.opened();
      source.addSourceBuffer(mse.mime);
      const script = document.createElement('script');
      script.src = '/livetape/tap.js';
      document.head.append(script);
      await new Promise((resolve) => script.addEventListener('load', resolve));
      return [typeof mse.tap().attach(source, mse.record().sink), typeof mse.tap().find(document.querySelector('video'))];
    }),
  );
  assert.deepEqual(attached, ['undefined', 'undefined']);
});

test('where only ManagedMediaSource has a name, its inherited methods are hooked once', { timeout: 60_000 }, async () => {
  const seen = await open('/managed', (page) =>
    page.evaluate(async () => {
      const Managed = (globalThis as unknown as { ManagedMediaSource: typeof MediaSource }).ManagedMediaSource;
      const source = new Managed();
      const video = document.querySelector('video') as HTMLVideoElement;
      video.src = URL.createObjectURL(source);
      await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
      const buffer = source.addSourceBuffer(mse.mime);
      const [init] = await mse.pieces();
      await mse.append(buffer, init as Uint8Array<ArrayBuffer>);
      const { sink, told } = mse.record();
      mse.tap().attach(mse.tap().find(video) as MediaSource, sink);
      return [typeof globalThis.MediaSource, told.map((line) => line.split(' ')[0])];
    }),
  );
  assert.deepEqual(seen, ['undefined', ['source', 'append']]);
});

test('loaded twice, it hooks once; a video’s srcObject is found; a fault of a sink does not reach the player', { timeout: 60_000 }, async () => {
  const seen = await open('/twice', (page) =>
    page.evaluate(async () => {
      const source = await mse.opened();
      const { sink, told } = mse.record();
      mse.tap().attach(source, sink);
      mse.tap().attach(source, { ...mse.record().sink, call: () => { throw new Error('sink'); } });
      const buffer = source.addSourceBuffer(mse.mime);
      const [init] = await mse.pieces();
      await mse.append(buffer, init as Uint8Array<ArrayBuffer>);
      const video = document.createElement('video');
      const none = mse.tap().find(video);
      const other = new MediaSource();
      let direct = true;
      try {
        video.srcObject = other;
        direct = mse.tap().find(video) === other;
      } catch {
        // Chromium takes a MediaSource only by URL.
      }
      return [told.length, buffer.updating, String(none), direct];
    }),
  );
  assert.deepEqual(seen, [2, false, 'undefined', true]);
});
