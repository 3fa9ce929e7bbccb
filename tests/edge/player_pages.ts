// Pages with a player: hls.js, shaka-player or Chromium's own HLS.
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../browser/chromium.ts';
import { serve } from '../browser/site.ts';
import type { PageFrameReader } from '../media/page_frames.ts';

/** A player. */
export type Player = 'hls.js' | 'shaka' | 'native';

/** What a page with the frame reader has. */
export type Reading = { frameReader: PageFrameReader };

/** What a page tells of its player. */
export interface Seen {
  readonly fatal: string[];
  readonly time: number;
  readonly duration: number;
  readonly ended: boolean;
  readonly live: boolean | undefined;
}

/** A browser for pages with players. */
export interface Players {
  readonly browser: Browser;
  /** A page whose player plays `url`. */
  open(url: string, player: Player): Promise<Page>;
  /** Puts a player into `tab`. */
  start(tab: Page, url: string, player: Player, playing?: boolean): Promise<void>;
  close(): Promise<void>;
}

const page = '<!doctype html><video muted playsinline crossorigin></video><script src="/hls.js"></script><script src="/shaka.js"></script>';

/** Launches the browser, and serves the pages. */
export async function launchPlayers(): Promise<Players> {
  const [browser, site] = await Promise.all([
    launchChromium(),
    serve({
      '/': { type: 'text/html', body: page },
      '/hls.js': { file: 'tests/node_modules/hls.js/dist/hls.js' },
      '/shaka.js': { file: 'tests/node_modules/shaka-player/dist/shaka-player.compiled.js' },
    }),
  ]);
  const start: Players['start'] = async (tab, url, player, playing = true) => {
    await tab.goto(site.origin);
    await tab.evaluate(install, [url, player, playing] as const);
  };
  return {
    browser,
    start,
    open: async (url, player) => {
      const tab = await browser.newPage();
      await start(tab, url, player);
      return tab;
    },
    close: async () => {
      await browser.close();
      await site.close();
    },
  };
}

/** Runs in the page. */
async function install([address, kind, plays]: readonly [string, Player, boolean]): Promise<void> {
  const video = document.querySelector('video') as HTMLVideoElement;
  // The players as the scripts that the page has loaded; their types are of no use inside the page.
  const scope = window as unknown as { Hls: any; shaka: any; seen: { fatal: string[]; live?: boolean } };
  scope.seen = { fatal: [] };
  if (kind === 'native') {
    video.onerror = () => scope.seen.fatal.push(video.error?.message ?? 'unknown');
    video.src = address;
  } else if (kind === 'shaka') {
    const player = new scope.shaka.Player();
    player.addEventListener('error', ({ detail }: { detail: { severity: number; code: number } }) => detail.severity === 2 && scope.seen.fatal.push(String(detail.code)));
    await player.attach(video);
    await player.load(address).catch((error: { code: number }) => scope.seen.fatal.push(String(error.code)));
  } else {
    const hls = new scope.Hls();
    hls.on(scope.Hls.Events.ERROR, (_: unknown, data: { fatal: boolean; details: string }) => data.fatal && scope.seen.fatal.push(data.details));
    hls.on(scope.Hls.Events.LEVEL_UPDATED, (_: unknown, data: { details: { live: boolean } }) => (scope.seen.live = data.details.live));
    hls.loadSource(address);
    hls.attachMedia(video);
  }
  if (plays) void video.play().catch(() => undefined);
}

/** What a page tells now. */
export const look = (tab: Page): Promise<Seen> =>
  tab.evaluate(() => {
    const video = document.querySelector('video') as HTMLVideoElement;
    const { seen } = window as unknown as { seen: { fatal: string[]; live?: boolean } };
    return { fatal: seen.fatal, live: seen.live, time: video.currentTime, duration: video.duration, ended: video.ended };
  });

/** What a page tells once its video has come to `time` in seconds, or its player has given up. */
export async function played(tab: Page, time: number): Promise<Seen> {
  await tab.waitForFunction(
    (wanted) => {
      const { seen } = window as unknown as { seen: { fatal: string[] } };
      return seen.fatal.length > 0 || (document.querySelector('video') as HTMLVideoElement).currentTime >= wanted;
    },
    time,
    { timeout: 30_000 },
  );
  return look(tab);
}
