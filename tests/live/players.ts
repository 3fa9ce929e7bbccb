// Four players in a page, driven alike. What is below `install` runs inside the page.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Content } from '../browser/site.ts';
import type { LiveTape } from '../../www/sdk/src/index.ts';

/** The players, by their packages. */
export type Player = 'hls.js' | 'shaka-player' | 'dashjs' | 'bare';

/** A clip, once its bytes have been posted. */
export interface Cut {
  readonly start: number;
  readonly duration: number;
  readonly tracks: readonly object[];
}

/** What a page has at `globalThis.live`. */
export interface LivePage {
  /** Taps the page's video: with `LiveTape.tap`, as a page without the element does. Gives where the tape is. */
  tap(): Promise<string>;
  /** Plays an address from its first picture, and buffers what there is. Rejects when the player gives up. */
  play(player: Player, url: string, quality: 'high' | 'low'): Promise<void>;
  /** Has the player load another quality from its next segment on. */
  choose(quality: 'high' | 'low'): void;
  /** Resolves when the tape reaches to within half a picture of `end` seconds. */
  taped(end: number): Promise<void>;
  /** Cuts a clip and posts its bytes; gives the code and message of the error where it is refused. */
  clip(start: number, end: number, path: string): Promise<Cut | { code: string; message: string }>;
  /** What the tape has told: notices and errors. */
  readonly told: { code: string; message: string }[];
  tape: LiveTape | undefined;
  /** What `play` gave, for those that drive a page by text alone. */
  playing?: Promise<void>;
}

interface HlsJs {
  levels: { height: number }[];
  loadLevel: number;
  loadSource(url: string): void;
  attachMedia(video: HTMLVideoElement): void;
  on(event: string, told: (event: string, data: { fatal: boolean; details: string }) => void): void;
}

interface Shaka {
  attach(video: HTMLVideoElement): Promise<void>;
  configure(options: object): void;
  load(url: string, start: number): Promise<void>;
  getVariantTracks(): { height: number }[];
  selectVariantTrack(track: object, clearBuffer: boolean): void;
  addEventListener(event: string, told: (event: { detail: { severity: number; code: number; data: unknown } }) => void): void;
}

interface DashJs {
  initialize(video: HTMLVideoElement, url: string, autoPlay: boolean, start: number): void;
  updateSettings(settings: object): void;
  getRepresentationsByType(type: string): { id: string }[];
  setRepresentationForTypeById(type: string, id: string): void;
  on(event: string, told: (event: { error: { code: number; message: string } }) => void): void;
}

declare global {
  var live: LivePage;
  var shaka: { Player: new () => Shaka; polyfill: { installAll(): void } };
  var dashjs: { MediaPlayer(): { create(): DashJs } };
}

function install(): LivePage {
  const video = document.querySelector('video') as HTMLVideoElement;
  const told: { code: string; message: string }[] = [];
  const buffer = 120;
  let choose: (quality: 'high' | 'low') => void = () => undefined;
  const height = (quality: string): number => (quality === 'high' ? 360 : 180);
  const canPlay = (): Promise<unknown> =>
    new Promise((resolve) => (video.readyState > 1 ? resolve(undefined) : video.addEventListener('loadeddata', resolve, { once: true })));

  const players: Record<Player, (url: string, quality: 'high' | 'low', fail: (why: string) => void) => Promise<unknown>> = {
    'hls.js': async (url, quality, fail) => {
      const Player = globalThis.Hls as unknown as new (options: object) => HlsJs;
      const hls = new Player({ startPosition: 0, maxBufferLength: buffer, maxMaxBufferLength: buffer, backBufferLength: Infinity, startLevel: quality === 'high' ? 1 : 0, testBandwidth: false });
      const level = (wanted: string): number => hls.levels.findIndex((found) => found.height === height(wanted));
      choose = (wanted) => (hls.loadLevel = level(wanted));
      hls.on('hlsError', (_event, { fatal, details }) => fatal && fail(details));
      hls.on('hlsManifestParsed', () => (hls.loadLevel = level(quality)));
      hls.loadSource(url);
      hls.attachMedia(video);
    },
    'shaka-player': async (url, quality, fail) => {
      shaka.polyfill.installAll();
      const player = new shaka.Player();
      await player.attach(video);
      player.addEventListener('error', ({ detail: { severity, code, data } }) => severity === 2 && fail(`${code} ${JSON.stringify(data)}`));
      player.configure({ abr: { enabled: false, defaultBandwidthEstimate: quality === 'high' ? 5e6 : 6e5 }, streaming: { bufferingGoal: buffer, bufferBehind: buffer, rebufferingGoal: 0.5 } });
      choose = (wanted) => {
        const track = player.getVariantTracks().find((found) => found.height === height(wanted));
        if (track) player.selectVariantTrack(track, false);
      };
      await player.load(url, 0);
      choose(quality);
    },
    dashjs: async (url, quality, fail) => {
      const player = dashjs.MediaPlayer().create();
      player.updateSettings({
        streaming: {
          abr: { autoSwitchBitrate: { video: false, audio: false }, initialBitrate: { video: quality === 'high' ? 1200 : 400 } },
          buffer: { bufferTimeAtTopQuality: buffer, bufferTimeAtTopQualityLongForm: buffer, bufferTimeDefault: buffer, bufferToKeep: buffer, fastSwitchEnabled: false, initialBufferLevel: 1 },
          delay: { liveDelay: 60 },
        },
      });
      player.on('error', ({ error }) => fail(`${error.code} ${error.message}`));
      choose = (wanted) => {
        const found = player.getRepresentationsByType('video').find(({ id }) => id.startsWith(wanted));
        if (found) player.setRepresentationForTypeById('video', found.id);
      };
      player.initialize(video, url, true, 0);
    },
    bare: async (url, quality) => {
      const source = new MediaSource();
      video.src = URL.createObjectURL(source);
      await new Promise((resolve) => source.addEventListener('sourceopen', resolve, { once: true }));
      let wanted = quality;
      choose = (other) => (wanted = other);
      const buffers = { video: source.addSourceBuffer('video/mp4; codecs="avc1.64001e"'), audio: source.addSourceBuffer('audio/mp4; codecs="mp4a.40.2"') };
      const append = async (kind: 'video' | 'audio', path: string): Promise<boolean> => {
        const response = await fetch(`${url}/${path}`).catch(() => undefined);
        if (response?.status !== 200) return false;
        const data = await response.arrayBuffer().catch(() => undefined);
        if (!data) return append(kind, path);
        buffers[kind].appendBuffer(data);
        await new Promise((resolve) => buffers[kind].addEventListener('updateend', resolve, { once: true }));
        return true;
      };
      const load = async (kind: 'video' | 'audio', path: string): Promise<void> => {
        // Not there yet, or no network: asked for again, as players do.
        while (!(await append(kind, path))) await new Promise((resolve) => setTimeout(resolve, 200));
      };
      const run = async (kind: 'video' | 'audio'): Promise<void> => {
        let last = '';
        for (let position = 0; ; position += 1) {
          const name = kind === 'audio' ? 'high' : wanted;
          if (name !== last) await load(kind, `${name}/${kind}/init.mp4`);
          last = name;
          await load(kind, `${name}/${kind}/${position}.m4s`);
        }
      };
      void run('video');
      void run('audio');
    },
  };

  return {
    told,
    tape: undefined,
    async tap() {
      const { LiveTape } = (await import('/livetape/index.js' as string)) as typeof import('../../www/sdk/src/index.ts');
      const tape = await LiveTape.tap(video);
      tape.addEventListener('notice', ({ detail: { code, message, at } }) => told.push({ code, message: `${at?.toFixed(3)}: ${message}` }));
      tape.addEventListener('error', ({ detail: { code, message } }) => told.push({ code, message }));
      live.tape = tape;
      return tape.storage;
    },
    async play(player, url, quality) {
      const failed = new Promise<never>((_, reject) => {
        players[player](url, quality, (why) => reject(new Error(`${player}: ${why}`))).catch(reject);
      });
      await Promise.race([canPlay(), failed]);
      video.muted = true;
      await Promise.race([video.play(), failed]);
    },
    choose: (quality) => choose(quality),
    taped: (end) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (live.tape && live.tape.window.end > end - 0.03) resolve();
        };
        live.tape?.addEventListener('window', look);
        look();
      }),
    async clip(start, end, path) {
      try {
        const clip = await (live.tape as LiveTape).clip({ start, end });
        await fetch(path, { method: 'POST', body: clip.blob });
        const cut = { start: clip.start, duration: clip.duration, tracks: [...clip.tracks] };
        clip.close();
        return cut;
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        return { code, message };
      }
    },
  };
}

const require = createRequire(import.meta.url);

/** The player's script, as its package has it for a page. */
async function script(player: Player): Promise<Buffer | undefined> {
  const beside = (name: string, file: string): Promise<Buffer> => readFile(join(dirname(require.resolve(name)), file));
  switch (player) {
    case 'hls.js':
      return beside('hls.js', 'hls.min.js');
    case 'shaka-player':
      return beside('shaka-player', 'shaka-player.compiled.js');
    case 'dashjs':
      return beside('dashjs', 'dash.all.min.js');
    default:
      return undefined;
  }
}

/** What a page of its own has for a recorder: the early script, then the video. */
const ownPage = '<script src="/livetape/tap.js"></script><video muted></video>';

/** A page for each player at `/<player>.html`: `body`, which has the video and the early script, then the player's script. */
export async function playerPages(players: readonly Player[], body = ownPage): Promise<Record<string, Content>> {
  const pages: Record<string, Content> = {};
  for (const player of players) {
    const own = await script(player);
    if (own) pages[`/${player}`] = { type: 'text/javascript', body: own };
    const scripts = own ? `<script src="/${player}"></script>` : '';
    pages[`/${player}.html`] = { type: 'text/html', body: `<!doctype html>${body}${scripts}<script>globalThis.live = (${install.toString()})();</script>` };
  }
  return pages;
}
