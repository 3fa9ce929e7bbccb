/**
/**
 * The dedicated worker: loads what is needed of the wasm module and hands every message to it. Pictures are decoded here, by
 * WebCodecs; all else is in `crates/web`.
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

/** What is handled once its part of the module is there. */
interface Started {
  readonly engine: TapEngine | PullEngine;
  /** Gets the part that takes things out of the tape. */
  readonly loadRest: () => Promise<void>;
}

/** Reading live HLS and MPEG-TS, and tapes that were left, takes a larger module, which only pages that do so load. */
const load = {
  async tap(): Promise<Started> {
    const first = await startTap({ module_or_path: new URL('./livetape_tap_bg.wasm', import.meta.url) });
    return { engine: new TapEngine(fromEngine, payloadSum), loadRest: once(() => loadClip(first)) };
  },
  async pull(): Promise<Started> {
    await startPull({ module_or_path: new URL('./livetape_web_bg.wasm', import.meta.url) });
    return { engine: new PullEngine(fromEngine, payloadSum), loadRest: () => Promise.resolve() };
  },
};

/** The other part of the tap's module, which lives in the memory of the first: being started, it puts its functions into the first one's table. */
async function loadClip(first: WebAssembly.Exports): Promise<void> {
  const response = await fetch(new URL('./livetape_clip.wasm', import.meta.url));
  if (!response.ok) throw new Error(`status ${response.status}`);
  await WebAssembly.instantiate(await response.arrayBuffer(), { first: first as WebAssembly.ModuleImports });
}

/** The same promise for all who ask, until it fails. */
function once(get: () => Promise<void>): () => Promise<void> {
  let got: Promise<void> | undefined;
  return () =>
    (got ??= get().catch((cause: unknown) => {
      got = undefined;
      throw cause;
    }));
}

/** Requests that take something out of the tape. */
type Taking = Extract<ToWorker, { type: 'clip' | 'screenshot' | 'past' | 'upload' }>;
const isTaking = (message: ToWorker): message is Taking => ['clip', 'screenshot', 'past', 'upload'].includes(message.type);

/** The module, once the first message has said which. */
let started: Promise<Started> | undefined;

function start(whole: boolean): Promise<Started> {
  const engine = whole ? load.pull() : load.tap();
  engine.catch((cause: unknown) => {
    post({ type: 'failed', code: 'worker_failed', message: `the recorder's module did not load: ${String(cause)}` });
  });
  return engine;
}

// What waits for a network need not wait for its next try.
self.addEventListener('online', () => void started?.then(({ engine }) => engine.handle({ type: 'online' }), () => undefined));

// Messages that come before the module is there wait in the promise's queue, in order.
self.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
  if (data.type === 'screenshot') screenshots.set(data.request, data);
  started ??= start(!(data.type === 'open' && data.mode === 'tap'));
  void started.then(
    (ready) => hand(ready, data),
    () => undefined,
  );
};

/** Requests that wait for their part of the module, in order, and may be cancelled meanwhile. Nothing else waits for it: the stream goes on. */
const waiting = new Set<number>();

async function hand({ engine, loadRest }: Started, message: ToWorker): Promise<void> {
  if (message.type === 'cancel' && waiting.delete(message.request)) return cancelled(message.request);
  if (message.type === 'prepare') return void loadRest().catch(() => undefined);
  if (!isTaking(message)) return engine.handle(message);
  waiting.add(message.request);
  try {
    await loadRest();
    if (waiting.delete(message.request)) engine.handle(message);
  } catch (cause) {
    if (!waiting.delete(message.request)) return;
    screenshots.delete(message.request);
    const why = `the part of the recorder that cuts clips did not load: ${String(cause)}; try again`;
    post({ type: 'failed', request: message.request, code: 'worker_failed', message: why });
  }
}

function cancelled(request: number): void {
  screenshots.delete(request);
  post({ type: 'failed', request, code: 'cancelled', message: 'it was cancelled' });
}

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
