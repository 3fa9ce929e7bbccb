/**
 * The dedicated worker: starts the wasm module that is needed and hands every message to it. All else is in `crates/web`.
 */
import startPull, { Engine as PullEngine } from 'livetape/wasm';
import startTap, { Engine as TapEngine } from 'livetape/wasm-tap';
import { crc32 } from './crc32.js';
import type { FromWorker, ToWorker } from './protocol.js';

const post = (message: FromWorker, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

/** Reading live HLS and MPEG-TS, and tapes that were left, takes a larger module, which only pages that do so load. */
const load = {
  tap: () => startTap({ module_or_path: new URL('./livetape_tap_bg.wasm', import.meta.url) }).then(() => new TapEngine(post, crc32)),
  pull: () => startPull({ module_or_path: new URL('./livetape_web_bg.wasm', import.meta.url) }).then(() => new PullEngine(post, crc32)),
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
  started ??= start(!(data.type === 'open' && data.mode === 'tap'));
  void started.then(
    (ready) => ready.handle(data),
    () => undefined,
  );
};
