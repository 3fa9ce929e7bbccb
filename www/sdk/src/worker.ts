/**
 * The dedicated worker: starts the wasm module and hands every message to it. All else is in `crates/web`.
 */
import init, { Engine } from 'livetape/wasm';
import type { FromWorker, ToWorker } from './protocol.js';

const post = (message: FromWorker, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

const engine = init({ module_or_path: new URL('./livetape_web_bg.wasm', import.meta.url) }).then(() => new Engine(post));

engine.catch((cause: unknown) => {
  post({ type: 'failed', code: 'worker_failed', message: `the recorder's module did not load: ${String(cause)}` });
});

// What waits for a network need not wait for its next try.
self.addEventListener('online', () => void engine.then((ready) => ready.handle({ type: 'online' }), () => undefined));

// Messages that come before the module is there wait in the promise's queue, in order.
self.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  void engine.then(
    (ready) => ready.handle(data),
    () => undefined,
  );
};
