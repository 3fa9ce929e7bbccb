// A page whose tape is fed by the test: the sample again and again, each round after the one before, faster than it plays.
//
// A tap of the test's own stands where livetape/tap would: what the player appends is under test elsewhere.
import { readFile } from 'node:fs/promises';
import type { TapSink } from '../../www/sdk/src/tap_registry.ts';
import { serve, type Content, type Site } from '../browser/site.ts';
import { pageFrameReader, type PageFrameReader } from '../media/page_frames.ts';
import { samplePath } from '../media/sample.ts';

/** Seconds of a round. */
export const round = 16;

/** Number burnt into the picture that is shown at `time` (seconds). */
export function numberAt(time: number): number {
  return Math.floor((time + 0.001) * 25) % 400;
}

/** What the page has at `globalThis.fed`. */
export interface FedTape {
  readonly tape: import('../../www/sdk/src/index.ts').LiveTape;
  /** Opens a tape that keeps `window` seconds. */
  open(window: number): Promise<void>;
  /** Appends so many rounds; resolves when they are on the tape. */
  feed(rounds: number): Promise<void>;
  /** Appends a file as it is. */
  append(url: string, offset?: number): Promise<void>;
  /** Opens a tape of a playlist instead; resolves when something is on it. */
  pull(url: string): Promise<void>;
  /** SHA-256 of all bytes. */
  hash(blob: Blob): Promise<string>;
  base64(blob: Blob): Promise<string>;
  /** Code of the error that a promise is rejected with. */
  code(promise: Promise<unknown>): Promise<string>;
}

declare global {
  var fed: FedTape;
  var frameReader: PageFrameReader;
}

function install(): void {
  let append: ((bytes: Uint8Array, offset: number) => void) | undefined;
  let rounds = 0;
  const attach = (_owner: object, sink: TapSink) => {
    sink.source(1, 'video/mp4; codecs="avc1.64001e,mp4a.40.2"');
    append = (bytes, offset) => sink.call(1, 'appendBuffer', bytes, offset);
    return () => (append = undefined);
  };
  (globalThis as unknown as Record<symbol, object>)[Symbol.for('livetape.tap')] = { find: () => attach, attach };
  const bytesOf = async (url: string): Promise<Uint8Array> => new Uint8Array(await (await fetch(url)).arrayBuffer());
  let sample: Promise<Uint8Array> | undefined;
  let tape: FedTape['tape'] | undefined;

  const fed: FedTape = {
    get tape() {
      tape ??= document.querySelector('live-tape')?.tape;
      if (!tape) throw new Error('no tape is open');
      return tape;
    },
    async open(window) {
      const { LiveTape } = (await import('/livetape/index.js' as string)) as typeof import('../../www/sdk/src/index.ts');
      tape = await LiveTape.tap(document.querySelector('video') as HTMLVideoElement, { window });
    },
    async feed(count) {
      const { tape } = this;
      const bytes = await (sample ??= bytesOf('/sample.mp4'));
      for (const last = rounds + count; rounds < last; rounds += 1) {
        const end = 16 * (rounds + 1) - 0.1;
        const arrived = new Promise<void>((resolve) => {
          const look = ({ detail }: { detail: { end: number } }): void => {
            if (detail.end < end) return;
            tape.removeEventListener('window', look);
            resolve();
          };
          tape.addEventListener('window', look);
        });
        append?.(bytes, 16 * rounds);
        await arrived;
      }
    },
    async append(url, offset = 0) {
      const bytes = await bytesOf(url);
      const arrived = new Promise<void>((resolve) => this.tape.addEventListener('window', () => resolve(), { once: true }));
      append?.(bytes, offset);
      await arrived;
    },
    async pull(url) {
      const { LiveTape } = (await import('/livetape/index.js' as string)) as typeof import('../../www/sdk/src/index.ts');
      const pulled = await LiveTape.pull(url);
      tape = pulled;
      if (pulled.window.end < 2) await new Promise<void>((resolve) => pulled.addEventListener('window', ({ detail }) => detail.end >= 2 && resolve()));
    },
    async hash(blob) {
      const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
    },
    base64: (blob) =>
      new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(String(reader.result).replace(/^.*,/, ''));
        reader.readAsDataURL(blob);
      }),
    code: (promise) => promise.then(() => 'none', (error: { code?: string }) => String(error.code ?? error)),
  };
  globalThis.fed = fed;
}

/** Serves the page at `/`; `body` comes after its video, `more` are further files. */
export async function serveFed(body = '', more: Readonly<Record<string, Content>> = {}): Promise<Site> {
  return serve({
    '/': { type: 'text/html', body: `<!doctype html><html lang="en"><title>fed</title><body><script src="/feed.js"></script><video id="video" muted></video>${body}` },
    '/feed.js': { type: 'text/javascript', body: `(${install.toString()})();${pageFrameReader()}` },
    '/sample.mp4': { type: 'video/mp4', body: await readFile(samplePath) },
    ...more,
  });
}
