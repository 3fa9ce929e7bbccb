// A page that uses the package: a bare MSE player of the sample, and a clip of what it appended.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { readFrames } from '../media/frames.ts';

/** A user's module: `tap` and `index` are where it imports the package from; `workerUrl` where the worker is, if that must be said. */
export const userModule = (tap: string, index: string, workerUrl?: string): string => `
import '${tap}';
import { LiveTape } from '${index}';
globalThis.clipOfSample = async () => {
  const video = document.querySelector('video');
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
  const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.64001e, mp4a.40.2"');
  const tape = await LiveTape.tap(video, ${workerUrl ? JSON.stringify({ workerUrl }) : '{}'});
  const whole = new Promise((resolve, reject) => {
    tape.addEventListener('window', ({ detail }) => detail.end > 15 && resolve());
    tape.addEventListener('error', ({ detail }) => reject(detail));
  });
  buffer.appendBuffer(await (await fetch('/sample.mp4')).arrayBuffer());
  await whole;
  const clip = await tape.clip({ start: 2.2, end: 6.2 });
  const bytes = new Uint8Array(await clip.blob.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
};
document.documentElement.dataset.ready = '';
`;

declare global {
  var clipOfSample: () => Promise<string>;
}

/** The page of that module. `early`: classic scripts before it. */
export const userPage = (module: string, ...early: readonly string[]): string =>
  `<!doctype html><html lang="en"><title>user</title>${early.map((src) => `<script src="${src}"></script>`).join('')}<video muted></video><script type="module" src="${module}"></script></html>`;

/** Opens the page at `url` and sees that its clip has exactly the frames asked for. Fails on any error the page or its policy reports. */
export async function assertClips(browser: Browser, url: string): Promise<void> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(`${message.text()} ${message.location().url}`));
  const folder = await mkdtemp(join(tmpdir(), 'livetape-package-clip-'));
  try {
    await page.goto(url);
    await page.waitForSelector('html[data-ready]', { state: 'attached' }).catch((error: Error) => {
      throw new Error([error.message, ...problems].join('\n'));
    });
    const clip = join(folder, 'clip.mp4');
    await writeFile(clip, Buffer.from(await page.evaluate(() => clipOfSample()), 'base64'));
    const { frames, messages } = await readFrames(clip);
    assert.deepEqual(messages, []);
    assert.deepEqual(frames.map((frame) => frame.number), Array.from({ length: 100 }, (_, index) => 55 + index));
    assert.deepEqual(problems, []);
  } finally {
    await page.close();
    await rm(folder, { recursive: true });
  }
}
