/**
/**
 * The dedicated worker: starts the wasm module that is needed and hands every message to it. Pictures are decoded here, by WebCodecs;
 * all else is in `crates/web`.
 */
import startPull, { Engine as PullEngine } from 'livetape/wasm';
import startTap, { Engine as TapEngine } from 'livetape/wasm-tap';
import { payloadSum } from './payload_sum.js';
import { LiveTapeError } from './errors.js';
import { picture } from './picture.js';
import type { FromEngine, FromWorker, StillMessage, ToWorker } from './protocol.js';

type ScreenshotRequest = Extract<ToWorker, { type: 'screenshot' }>;

/** Screenshots that are being made. */
const screenshots = new Map<number, ScreenshotRequest>();

const post = (message: FromWorker, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

/** Reading live HLS and MPEG-TS, and tapes that were left, takes a larger module, which only pages that do so load. */
const load = {
  tap: () => startTap({ module_or_path: new URL('./livetape_tap_bg.wasm', import.meta.url) }).then(() => new TapEngine(fromEngine, payloadSum)),
  pull: () => startPull({ module_or_path: new URL('./livetape_web_bg.wasm', import.meta.url) }).then(() => new PullEngine(fromEngine, payloadSum)),
};

/** The module, once the first message has said which. */
let started: Promise<TapEngine | PullEngine> | undefined;

function start(whole: boolean): Promise<TapEngine | PullEngine> {
  const engine = whole ? load.pull() : load.tap();
  engine.catch((cause: unknown) => {
    post({ type: 'failed', code: 'worker_failed', message: `the recorder's module did not load: ${String(cause)}` });
  });
  return engine;
}

// What waits for a network need not wait for its next try.
self.addEventListener('online', () => void started?.then((ready) => ready.handle({ type: 'online' }), () => undefined));

// Messages that come before the module is there wait in the promise's queue, in order.
self.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  if (data.type === 'screenshot') screenshots.set(data.request, data);
  started ??= start(!(data.type === 'open' && data.mode === 'tap'));
  void started.then(
    (ready) => ready.handle(data),
    () => undefined,
  );
};

function fromEngine(message: FromEngine, transfer: Transferable[] = []): void {
  if (message.type === 'still') void screenshot(message);
  else post(message, transfer);
}

async function screenshot(still: StillMessage): Promise<void> {
  const { request } = still;
  const asked = screenshots.get(request);
  screenshots.delete(request);
  if (!asked) return;
  try {
    post({ type: 'screenshot', request, image: await picture(still, asked.mime, asked.quality) });
  } catch (cause) {
    const error = cause instanceof LiveTapeError ? cause : new LiveTapeError('picture_failed', String(cause));
    post({ type: 'failed', request, code: error.code, message: error.message });
  }
}
