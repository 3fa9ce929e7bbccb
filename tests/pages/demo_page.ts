// The demo page, used as a visitor uses it: by its buttons.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext, Download, Page } from 'playwright-core';
import type { Clip, LiveTapeError, Recording, RecordingResult } from '../../www/sdk/src/index.ts';
import type {} from '../../www/sdk/src/element.ts';
import { edge, type Playback } from './edge.ts';

/** A recording that Stop has ended, with what the page's own clock measured. */
export interface Stopped {
  readonly id: string;
  readonly duration: number;
  readonly bytes: number;
  readonly playback: Playback;
  /** Milliseconds from the press of Stop until the edge had confirmed the end. */
  readonly confirmedAfter: number;
  /** Milliseconds from the press of Stop until the ended playlist, its last segment and the MP4's first bytes were there. */
  readonly playableAfter: number;
}

/** A clip that the clip button has saved. */
export interface SavedClip {
  readonly start: number;
  readonly duration: number;
  readonly size: number;
  /** Milliseconds from the press until the MP4 was ready. */
  readonly readyAfter: number;
  readonly download: Download;
}

/** What the page's watcher has seen; the facts of the latest of each. */
interface Seen {
  pressed: number;
  recording?: { id: string; playback: Playback };
  stopped?: Omit<Stopped, 'confirmedAfter' | 'playableAfter'> & { confirmedAfter: number; playableAfter?: number };
  playable?: Promise<void>;
  clip?: { start: number; duration: number; size: number; readyAfter: number };
  errors: { code: string; message: string }[];
}

declare global {
  var seen: Seen;
  interface WindowEventMap {
    'livetape-record': CustomEvent<Recording>;
    'livetape-stop': CustomEvent<RecordingResult>;
    'livetape-clip': CustomEvent<Clip>;
    'livetape-error': CustomEvent<LiveTapeError>;
  }
}

/** Runs before the page's own scripts: notes presses and the events of `<live-tape>`. */
function watch(): void {
  globalThis.seen = { pressed: 0, errors: [] };
  const { seen } = globalThis;
  const parts = async (url: string): Promise<string[]> => {
    const text = await (await fetch(url, { cache: 'no-store' })).text();
    const addresses = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => new URL(line, url).href);
    if (text.includes('#EXT-X-STREAM-INF')) return parts(addresses[0] ?? '');
    if (!text.includes('#EXT-X-ENDLIST')) throw new Error(`${url} has no end`);
    return addresses;
  };
  const load = async (url: string, headers: Record<string, string> = {}): Promise<void> => {
    const response = await fetch(url, { headers, cache: 'no-store' });
    const { byteLength } = await response.arrayBuffer();
    if (!response.ok || byteLength === 0) throw new Error(`${url}: ${response.status}, ${byteLength} bytes`);
  };
  const becomesPlayable = async ({ hls, mp4 }: Playback, pressed: number): Promise<void> => {
    const segments = await parts(hls);
    await Promise.all([load(segments.at(-1) ?? ''), load(mp4, { range: 'bytes=0-65535' })]);
    if (seen.stopped) seen.stopped.playableAfter = performance.now() - pressed;
  };
  addEventListener('click', () => (seen.pressed = performance.now()), true);
  addEventListener('livetape-record', ({ detail }) => (seen.recording = { id: detail.id, playback: detail.playback }));
  addEventListener('livetape-stop', ({ detail: { id, duration, bytes, playback } }) => {
    const { pressed } = seen;
    seen.stopped = { id, duration, bytes, playback, confirmedAfter: performance.now() - pressed };
    seen.playable = becomesPlayable(playback, pressed);
  });
  addEventListener('livetape-clip', ({ detail }) => {
    seen.clip = { start: detail.start, duration: detail.duration, size: detail.blob.size, readyAfter: performance.now() - seen.pressed };
  });
  addEventListener('livetape-error', ({ detail }) => seen.errors.push({ code: detail.code, message: detail.message }));
}

/** The demo page in a context of its own. */
export class DemoPage {
  readonly page: Page;
  /** Uncaught errors of the page's scripts, and what `<live-tape>` reported. */
  readonly problems: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.problems.push(error.message));
  }

  /** Opens the page; `prepare` may add scripts and routes before it loads. */
  static async open(browser: Browser, source: 'ts' | 'fmp4', prepare?: (context: BrowserContext) => Promise<unknown>): Promise<DemoPage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US', acceptDownloads: true });
    await prepare?.(context);
    await context.addInitScript(watch);
    const demo = new DemoPage(await context.newPage());
    await demo.page.goto(source === 'ts' ? `${edge}/` : `${edge}/?source=fmp4`);
    return demo;
  }

  /** Resolves when pictures move and something is on the tape. */
  async playing(): Promise<void> {
    await this.page.waitForFunction(() => {
      const video = document.querySelector('video');
      const window = document.querySelector('live-tape')?.tape?.window;
      return video && !video.paused && video.currentTime > (video.buffered.length ? video.buffered.start(0) : Infinity) + 0.3 && window && window.end > window.start;
    }, undefined, { timeout: 30_000 });
  }

  /** Presses Record; resolves when the edge has made the recording. */
  async record(): Promise<{ id: string; playback: Playback }> {
    await this.page.evaluate(() => delete seen.recording);
    await this.#button('record').click();
    return this.#until(() => seen.recording, 'the recording did not start');
  }

  /** Resolves when the running recording is `seconds` of media long. */
  async recorded(seconds: number): Promise<void> {
    await this.page.waitForFunction(
      (seconds) => (document.querySelector('live-tape')?.recording?.progress.elapsed ?? 0) >= seconds,
      seconds,
      { timeout: (seconds + 30) * 1000 },
    );
  }

  /** Presses Stop; resolves when the recording plays whole. */
  async stop(): Promise<Stopped> {
    await this.page.evaluate(() => delete seen.stopped);
    await this.#button('record').click();
    await this.#until(() => seen.stopped, 'the recording did not stop');
    return this.page.evaluate(async () => {
      await seen.playable;
      return seen.stopped as Stopped;
    });
  }

  /** Presses the clip button and catches the download. */
  async clip(): Promise<SavedClip> {
    await this.page.evaluate(() => delete seen.clip);
    const [download] = await Promise.all([this.page.waitForEvent('download'), this.#button('clip').click()]);
    const clip = await this.#until(() => seen.clip, 'the clip was not cut');
    return { ...clip, download };
  }

  /** Exports everything that is on the tape, by the page's own tape. */
  async exportAll(): Promise<{ mp4: Uint8Array<ArrayBuffer>; duration: number }> {
    const [download, duration] = await Promise.all([
      this.page.waitForEvent('download'),
      this.page.evaluate(async () => {
        const tape = document.querySelector('live-tape')?.tape;
        if (!tape) throw new Error('no tape');
        const clip = await tape.clip({ start: tape.window.start, end: tape.window.end });
        clip.download('all.mp4');
        return clip.duration;
      }),
    ]);
    return { mp4: new Uint8Array(await readFile(await download.path())), duration };
  }

  /** Closes the page, whose scripts must have had no errors. */
  async close(): Promise<void> {
    const errors = await this.page.evaluate(() => seen.errors);
    await this.page.context().close();
    assert.deepEqual([...this.problems, ...errors], []);
  }

  #button(id: 'record' | 'clip'): ReturnType<Page['locator']> {
    return this.page.locator(`live-tape #${id}:enabled`);
  }

  /** Waits for what `look` finds; an error that `<live-tape>` shows meanwhile is thrown. */
  async #until<T extends object>(look: () => T | undefined, trouble: string): Promise<T> {
    const found = await this.page.waitForFunction(`(${look})() ?? seen.errors[0]`, undefined, { timeout: 30_000 });
    const value = (await found.jsonValue()) as T | { code: string; message: string };
    if ('code' in value) throw new Error(`${trouble}: ${value.code}: ${value.message}`);
    return value;
  }
}
