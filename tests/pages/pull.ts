// A page of another origin that pulls a stream, records it to the edge and exports it: the package embedded elsewhere.
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { serve } from '../browser/site.ts';
import { edge, fetchBytes, template, type Playback } from './edge.ts';

/** What a pull came to. */
export interface Pulled {
  readonly id: string;
  readonly playback: Playback;
  /** Length the recording was told to have. */
  readonly recordedSeconds: number;
  /** MP4 of all that was on the tape. */
  readonly clip: Uint8Array;
  readonly clipSeconds: number;
  /** The segments that were fetched, in order. */
  readonly segments: readonly Uint8Array[];
}

/** Pulls the HLS stream at `url` and records it until `seconds` of it are recorded. */
export async function pullFor(browser: Browser, url: string, seconds: number): Promise<Pulled> {
  const site = await serve({ '/': { type: 'text/html', body: '<!doctype html><title>another site</title>' } });
  const page = await (await browser.newContext({ acceptDownloads: true })).newPage();
  const segments: Promise<Uint8Array>[] = [];
  page.on('request', (request) => {
    if (/\.ts$/.test(request.url())) segments.push(fetchBytes(request.url()));
  });
  await page.goto(site.origin);
  const saved = page.waitForEvent('download', { timeout: (seconds + 60) * 1000 });
  const told = await page.evaluate(
    async ([sdk, url, edge, template, seconds]) => {
      const { LiveTape } = (await import(sdk)) as typeof import('../../www/sdk/src/index.ts');
      const tape = await LiveTape.pull(url, { window: 600 });
      const recording = await tape.record({ edge, template });
      await new Promise<void>((resolve) => recording.addEventListener('progress', ({ detail }) => detail.elapsed >= seconds && resolve()));
      const { id, duration, playback } = await recording.stop();
      const clip = await tape.clip({ start: tape.window.start, end: tape.window.end });
      clip.download('pulled.mp4');
      return { id, playback, recordedSeconds: duration, clipSeconds: clip.duration };
    },
    [`${edge}/livetape/index.js`, url, edge, template, seconds] as const,
  );
  const clip = await readFile(await (await saved).path());
  await page.context().close();
  await site.close();
  return { ...told, clip, segments: await Promise.all(segments) };
}
