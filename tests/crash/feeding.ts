// A page that plays the sample over and over by Media Source Extensions, faster than real time, while its tape is running.
import type { Page } from 'playwright-core';
import type { LiveTape } from '../../www/sdk/src/index.ts';
import type { Content } from '../browser/site.ts';

/** Seconds of the sample. */
const round = 16;

/** The page, and what it needs. */
export const pages: Record<string, Content> = {
  '/feed': { type: 'text/html', body: '<!doctype html><script src="/livetape/tap.js"></script><video muted></video>' },
  '/sample.mp4': { file: 'www/demo/sample/sample.mp4' },
};

type Sdk = typeof import('../../www/sdk/src/index.ts');

/** How far a page had come, and when that was told. */
export interface Told {
  /** Seconds of media that had been appended. */
  readonly appended: number;
  /** Seconds that were on the tape, as the tape itself had told. */
  readonly taped: number;
  /** Milliseconds of this process's clock. */
  readonly at: number;
}

export interface Feeding {
  readonly told: readonly Told[];
  /** Resolves when so many seconds of media have been appended. */
  reached(seconds: number): Promise<void>;
}

declare global {
  var tell: (appended: number, taped: number) => Promise<void>;
  /** All workers that the page has started. */
  var workers: Worker[];
  var tape: LiveTape;
}

/** Makes the page feed until it ends: a fragment of two seconds every `pause` milliseconds. */
export async function feed(page: Page, origin: string, pause: number, options: { window?: number } = {}): Promise<Feeding> {
  const told: Told[] = [];
  const waiting: { seconds: number; resolve: () => void }[] = [];
  await page.exposeFunction('tell', (appended: number, taped: number) => {
    told.push({ appended, taped, at: performance.now() });
    for (const { seconds, resolve } of waiting) if (appended >= seconds) resolve();
  });
  await page.addInitScript(() => {
    globalThis.workers = [];
    globalThis.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        workers.push(this);
      }
    };
  });
  await page.goto(`${origin}/feed`);
  await page.evaluate(begin, { pause, round, options });
  return {
    told,
    reached: (seconds) => new Promise((resolve) => waiting.push({ seconds, resolve })),
  };
}

async function begin({ pause, round, options }: { pause: number; round: number; options: { window?: number } }): Promise<void> {
  const { LiveTape } = (await import('/livetape/index.js' as string)) as Sdk;
  const video = document.querySelector('video') as HTMLVideoElement;
  globalThis.tape = await LiveTape.tap(video, options);
  let taped = 0;
  tape.addEventListener('window', ({ detail }) => (taped = detail.end));
  const file = new Uint8Array(await (await fetch('/sample.mp4')).arrayBuffer());
  const view = new DataView(file.buffer);
  const text = (at: number): string => String.fromCharCode(...file.subarray(at, at + 4));
  // The init segment, then the fragments: each begins with a moof.
  const starts: number[] = [];
  for (let at = 0; at < file.length; at += view.getUint32(at)) if (text(at + 4) === 'moof') starts.push(at);
  const fragments = starts.map((start, index) => file.subarray(start, starts[index + 1]));
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  const event = (target: EventTarget, name: string): Promise<Event> => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));
  await event(source, 'sourceopen');
  const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.64001e, mp4a.40.2"');
  const done = async (act: () => void): Promise<void> => {
    const updated = event(buffer, 'updateend');
    act();
    await updated;
  };
  await done(() => buffer.appendBuffer(file.subarray(0, starts[0])));
  const forever = async (): Promise<void> => {
    for (let rounds = 0; ; rounds += 1) {
      buffer.timestampOffset = rounds * round;
      for (const [index, fragment] of fragments.entries()) {
        await done(() => buffer.appendBuffer(fragment));
        const end = rounds * round + ((index + 1) * round) / fragments.length;
        if (end > 60) await done(() => buffer.remove(0, end - 30));
        await tell(end, taped);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  };
  void forever();
}
