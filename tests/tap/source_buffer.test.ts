// A page that uses Media Source Extensions by itself in every way they have: what its video shows is what is on the tape.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { playerPages } from '../live/players.ts';
import { LiveSource } from '../live/source.ts';
import { readFrames } from '../media/frames.ts';
import { pageFrameReader, type PageFrameReader } from '../media/page_frames.ts';

declare global {
  var frameReader: PageFrameReader;
  var appender: Appender;
}

/** A page's own source buffer of pictures. */
interface Appender {
  readonly buffer: SourceBuffer;
  /** Appends bytes, in pieces of so many. */
  append(bytes: Uint8Array<ArrayBuffer>, piece?: number): Promise<void>;
  /** Fetches and appends. */
  load(...paths: string[]): Promise<void>;
  fetch(path: string): Promise<Uint8Array<ArrayBuffer>>;
  done(): Promise<void>;
  /** No more will come: the video can be sought to its very end. */
  end(): void;
}

let browser: Browser;
let source: LiveSource;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livetape-source-buffer-'));
  [browser, source] = await Promise.all([launchChromium(), LiveSource.start({ length: 16, published: 16 }, await playerPages(['bare']))]);
});

after(async () => {
  await browser?.close();
  await source?.close();
  if (folder) await rm(folder, { recursive: true });
});

async function prepare(): Promise<void> {
  const video = document.querySelector('video') as HTMLVideoElement;
  const media = new MediaSource();
  video.src = URL.createObjectURL(media);
  await new Promise((resolve) => media.addEventListener('sourceopen', resolve, { once: true }));
  const buffer = media.addSourceBuffer('video/mp4; codecs="avc1.64001e"');
  const done = (): Promise<void> => new Promise((resolve) => (buffer.updating ? buffer.addEventListener('updateend', () => resolve(), { once: true }) : resolve()));
  globalThis.appender = {
    buffer,
    done,
    end: () => media.endOfStream(),
    async append(bytes, piece = bytes.length) {
      for (let at = 0; at < bytes.length; at += piece) {
        buffer.appendBuffer(bytes.subarray(at, at + piece));
        await done();
      }
    },
    fetch: async (path) => new Uint8Array(await (await fetch(`/dash/${path}`)).arrayBuffer()),
    async load(...paths) {
      for (const path of paths) await appender.append(await appender.fetch(path));
    },
  };
}

/** What a page did with its source buffer, and what is to be seen of it. */
interface Case {
  readonly name: string;
  readonly run: () => Promise<void>;
  /** Numbers of the pictures that the video shows, from where its buffer begins; all on the tape. */
  readonly shown: readonly (readonly [from: number, to: number])[];
  /** Where the tape has what the video has no longer. */
  readonly taped?: readonly (readonly [from: number, to: number])[];
}

const cases: readonly Case[] = [
  {
    name: 'timestampOffset, and pieces cut anywhere',
    async run() {
      const { buffer, append, load } = appender;
      await load('high/video/init.mp4');
      buffer.timestampOffset = 4;
      await append(await appender.fetch('high/video/0.m4s'), 1013);
      buffer.timestampOffset = 0;
      await append(await appender.fetch('high/video/3.m4s'), 77_777);
    },
    shown: [[0, 50], [150, 200]],
  },
  {
    name: 'an append window',
    async run() {
      const { buffer, load } = appender;
      await load('high/video/init.mp4');
      buffer.appendWindowEnd = 5;
      buffer.appendWindowStart = 1.2;
      await load('high/video/0.m4s', 'high/video/1.m4s', 'high/video/2.m4s');
    },
    shown: [[50, 125]],
  },
  {
    name: 'sequence mode, with a segment that does not follow and an offset that is set',
    async run() {
      const { buffer, load } = appender;
      buffer.mode = 'sequence';
      await load('high/video/init.mp4', 'high/video/5.m4s', 'high/video/6.m4s', 'high/video/2.m4s');
      buffer.timestampOffset = 6;
      await load('high/video/1.m4s');
      buffer.abort();
      await load('high/video/init.mp4', 'high/video/7.m4s');
    },
    shown: [[250, 350], [100, 150], [50, 100], [350, 400]],
  },
  {
    name: 'an abort inside a segment, which then comes in another quality',
    async run() {
      const { buffer, append, load } = appender;
      await load('high/video/init.mp4', 'high/video/0.m4s');
      const whole = await appender.fetch('high/video/1.m4s');
      await append(whole.subarray(0, whole.length / 2), 5000);
      buffer.abort();
      await load('low/video/init.mp4', 'low/video/1.m4s', 'low/video/2.m4s');
    },
    shown: [[0, 150]],
  },
  {
    name: 'changeType, and remove: what was shown stays on the tape',
    async run() {
      const { buffer, load } = appender;
      await load('high/video/init.mp4', 'high/video/0.m4s', 'high/video/1.m4s');
      buffer.changeType('video/mp4; codecs="avc1.4d400c"');
      await load('low/video/init.mp4', 'low/video/2.m4s');
      buffer.remove(0, 2);
      await appender.done();
    },
    shown: [[50, 150]],
    taped: [[0, 150]],
  },
  {
    name: 'what is removed ahead and appended again, and a seek back: once on the tape',
    async run() {
      const { buffer, load } = appender;
      await load('high/video/init.mp4', 'high/video/0.m4s', 'high/video/1.m4s', 'high/video/2.m4s');
      buffer.remove(2, 6);
      await appender.done();
      await load('low/video/init.mp4', 'low/video/1.m4s', 'low/video/2.m4s', 'low/video/3.m4s');
      await load('high/video/init.mp4', 'high/video/0.m4s', 'high/video/1.m4s');
    },
    shown: [[0, 200]],
  },
];

const numbers = (runs: Case['shown']): number[] => runs.flatMap(([from, to]) => Array.from({ length: to - from }, (_, index) => from + index));

for (const { name, run, shown, taped } of cases) {
  test(`a page’s own source buffer: ${name}`, { timeout: 60_000 }, async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${source.origin}/bare.html`);
    await page.evaluate(pageFrameReader());
    await page.evaluate(prepare);
    await page.evaluate(() => live.tap());
    await page.evaluate(run);
    // The video's pictures, every tenth of them and the last: a seek to each.
    const seen = await page.evaluate(async () => {
      const video = document.querySelector('video') as HTMLVideoElement;
      const ranges = Array.from({ length: video.buffered.length }, (_, index) => [video.buffered.start(index), video.buffered.end(index)] as const);
      appender.end();
      const pictures: [index: number, number: number | null][] = [];
      let frames = 0;
      for (const [start, end] of ranges) {
        const count = Math.round((end - start) * 25);
        for (let index = 0; index < count; index += 1) {
          if (index % 10 && index !== count - 1) continue;
          pictures.push([frames + index, await frameReader.seek(video, start + (index + 0.5) / 25)]);
        }
        frames += count;
      }
      return { ranges, pictures, frames };
    });
    const due = numbers(shown);
    assert.equal(seen.frames, due.length, JSON.stringify(seen.ranges));
    for (const [index, number] of seen.pictures) assert.equal(number, due[index], `the video shows ${number} at ${index}`);
    const end = Math.max(...seen.ranges.map(([, end]) => end));
    const cut = await page.evaluate(async (end) => {
      await live.taped(end);
      return live.clip(0, 100, '/source-buffer');
    }, end);
    assert.ok('duration' in cut, JSON.stringify(cut));
    const file = join(folder, 'clip.mp4');
    await writeFile(file, source.posted.get('/source-buffer') as Buffer);
    const { frames, messages } = await readFrames(file);
    assert.deepEqual(messages, []);
    assert.deepEqual(frames.map(({ number }) => number), numbers(taped ?? shown));
    if (!taped) {
      // Each is on the tape when the video shows it.
      const times = seen.ranges.flatMap(([start, end]) => Array.from({ length: Math.round((end - start) * 25) }, (_, index) => start + index / 25));
      frames.forEach(({ pts }, index) => assert.ok(Math.abs(pts + cut.start - (times[index] ?? NaN)) < 0.001, `picture ${index} at ${pts + cut.start}, not ${times[index]}`));
    }
    await context.close();
  });
}
