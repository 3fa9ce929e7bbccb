// A browser with a page that plays files: Chromium, Firefox or WebKitGTK, the same to the tests.
import { readFile } from 'node:fs/promises';
import { launchChromium } from '../browser/chromium.ts';
import { launchFirefox } from '../browser/firefox.ts';
import { serve, type Content, type Site } from '../browser/site.ts';
import { launchWebKit, noWebKit } from '../browser/webkit.ts';
import { Sound } from '../media/audio.ts';
import { soundAlone } from '../media/boxes.ts';
import { pagePlayer, type Heard, type Opened, type Shown } from './page_player.ts';

/** As much of a browser's page as is used here: Playwright's, Puppeteer's and WebKitGTK's have it all. */
interface ScriptedPage {
  goto(url: string): Promise<unknown>;
  evaluate(script: string): Promise<unknown>;
}

/** The browsers that outputs are played in. */
export const browsers = ['Chromium', 'Firefox', 'WebKitGTK'] as const;

const launchers = { Chromium: launchChromium, Firefox: launchFirefox, WebKitGTK: launchWebKit };

/** Why a browser cannot be played in here; false where it can. */
export const missing = (name: (typeof browsers)[number]): string | false => (name === 'WebKitGTK' && noWebKit) || false;

/** A browser that plays the files it is given. */
export class Player {
  readonly #page: ScriptedPage;
  readonly #site: Site;
  readonly #files: Record<string, Content>;
  readonly #quit: () => Promise<void>;
  readonly #name: (typeof browsers)[number];
  #offered = 0;

  private constructor(name: (typeof browsers)[number], page: ScriptedPage, site: Site, files: Record<string, Content>, quit: () => Promise<void>) {
    this.#name = name;
    this.#page = page;
    this.#site = site;
    this.#files = files;
    this.#quit = quit;
  }

  static async launch(name: (typeof browsers)[number]): Promise<Player> {
    const files: Record<string, Content> = { '/': { type: 'text/html', body: '<!doctype html><title>player</title><video muted></video>' } };
    const browser = await launchers[name]();
    const site = await serve(files);
    const page: ScriptedPage = await browser.newPage();
    const player = new Player(name, page, site, files, () => browser.close());
    await page.goto(site.origin);
    await page.evaluate(pagePlayer({ blobs: name !== 'WebKitGTK', mediaTimes: name !== 'WebKitGTK' }));
    return player;
  }

  /** Whether the browser says that it may be able to play that type. */
  async canPlay(type: string): Promise<boolean> {
    return (await this.#call('canPlay', type)) as boolean;
  }

  /** Loads the file at `path`. Rejects when the browser cannot play it. */
  async open(path: string): Promise<Opened> {
    return (await this.#call('open', this.#offer(await readFile(path)))) as Opened;
  }

  /** What is shown at each time (seconds). `lasting`: seconds that a picture may last. */
  async pictures(times: readonly number[], lasting = 0.041): Promise<Shown[]> {
    return (await this.#call('pictures', times, lasting)) as Shown[];
  }

  /** Plays from `time` to the end; gives the pictures that were presented. */
  async playFrom(time: number): Promise<{ mediaTime: number; number: number | null }[]> {
    return (await this.#call('playFrom', time)) as { mediaTime: number; number: number | null }[];
  }

  /** Decodes the first channel of a file's sound; its time 0 is the first sample the browser gives. */
  async sound(path: string): Promise<{ channels: number; sound: Sound }> {
    const file = await readFile(path);
    // WebKitGTK 2.50 decodes the pictures with the sound, to throw them away, and about once in a hundred times its two threads wait for
    // each other for ever. Without pictures it never did in a thousand.
    const { channels, samples } = (await this.#call('sound', this.#offer(this.#name === 'WebKitGTK' ? soundAlone(file) : file))) as Heard;
    const bytes = new Uint8Array(Buffer.from(samples, 'base64'));
    return { channels, sound: new Sound(0, new Float32Array(bytes.buffer)) };
  }

  async close(): Promise<void> {
    await this.#quit();
    await this.#site.close();
  }

  #offer(body: Buffer): string {
    // Under a new name each time, so that no browser takes it from a cache.
    delete this.#files[`/${this.#offered}.mp4`];
    this.#offered += 1;
    const url = `/${this.#offered}.mp4`;
    this.#files[url] = { type: 'video/mp4', body };
    return url;
  }

  #call(name: string, ...values: unknown[]): Promise<unknown> {
    return this.#page.evaluate(`pagePlayer.${name}(...${JSON.stringify(values)})`);
  }
}
