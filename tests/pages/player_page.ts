// A page of another origin with nothing but a player on it.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { serve, type Site } from '../browser/site.ts';
import { pageFrameReader, type PageFrameReader } from '../media/page_frames.ts';

declare global {
  var Hls: { new (config?: object): { loadSource(url: string): void; attachMedia(video: HTMLVideoElement): void } };
  var frameReader: PageFrameReader;
}

const hlsJs = join(dirname(createRequire(import.meta.url).resolve('hls.js')), 'hls.min.js');

/** The page with its `<video>`. */
export class PlayerPage {
  readonly page: Page;
  readonly #site: Site;

  private constructor(page: Page, site: Site) {
    this.page = page;
    this.#site = site;
  }

  static async open(browser: Browser): Promise<PlayerPage> {
    const site = await serve({
      '/': { type: 'text/html', body: '<!doctype html><title>player</title><script src="/hls.js"></script><video muted crossorigin></video>' },
      '/hls.js': { type: 'text/javascript', body: await readFile(hlsJs) },
    });
    const page = await (await browser.newContext()).newPage();
    await page.goto(site.origin);
    await page.evaluate(pageFrameReader());
    return new PlayerPage(page, site);
  }

  /** Plays by hls.js from the beginning; resolves when it plays. */
  async playHls(url: string): Promise<void> {
    await this.page.evaluate(async (url) => {
      const video = document.querySelector('video') as HTMLVideoElement;
      const hls = new Hls({ startPosition: 0 });
      hls.loadSource(url);
      hls.attachMedia(video);
      await new Promise((resolve) => video.addEventListener('loadeddata', resolve, { once: true }));
      await video.play();
    }, url);
  }

  /** Gives the URL to the browser's own player; resolves when it shows the first picture. */
  async playUrl(url: string): Promise<void> {
    await this.page.evaluate((url) => {
      const video = document.querySelector('video') as HTMLVideoElement;
      const loaded = new Promise<void>((resolve, reject) => {
        video.addEventListener('loadeddata', () => resolve(), { once: true });
        video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true });
      });
      video.src = url;
      return loaded;
    }, url);
  }

  /** Time of the first thing that can be shown. */
  begin(): Promise<number> {
    return this.page.evaluate(() => (document.querySelector('video') as HTMLVideoElement).buffered.start(0));
  }

  play(): Promise<void> {
    return this.page.evaluate(() => (document.querySelector('video') as HTMLVideoElement).play());
  }

  pause(): Promise<void> {
    return this.page.evaluate(() => (document.querySelector('video') as HTMLVideoElement).pause());
  }

  /** Seeks; gives the number on the picture that is then shown. */
  seek(time: number): Promise<number | null> {
    return this.page.evaluate((time) => frameReader.seek(document.querySelector('video') as HTMLVideoElement, time), time);
  }

  /** Numbers and times of the next `count` pictures that are shown. */
  watch(count: number): ReturnType<PageFrameReader['watch']> {
    return this.page.evaluate((count) => frameReader.watch(document.querySelector('video') as HTMLVideoElement, count), count);
  }

  /** Resolves when the video has played to its end. */
  async ended(): Promise<void> {
    await this.page.waitForFunction(() => document.querySelector('video')?.ended, undefined, { timeout: 60_000 });
  }

  async close(): Promise<void> {
    await this.page.context().close();
    await this.#site.close();
  }
}
