import { LiveTapeError } from './errors.js';
import type { FromWorker, ToWorker } from './protocol.js';

/** What ends a request. */
type Answer = Exclude<Extract<FromWorker, { request: number }>, { type: 'progress' | 'upload' | 'failed' }>;
type AnswerOf<Kind extends Answer['type']> = Extract<Answer, { type: Kind }>;
type Request = Exclude<Extract<ToWorker, { request: number }>, { type: 'cancel' }>;
type WithoutNumber<T> = T extends Request ? Omit<T, 'request'> : never;
/** What comes before the answer to a request that takes long. */
type Interim = Extract<FromWorker, { type: 'recording' | 'progress' | 'upload' }>;

/** A request that waits. */
interface Pending {
  readonly kind: Answer['type'];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: LiveTapeError) => void;
  readonly told: ((message: Interim) => void) | undefined;
}

/** Free buffers kept for the next appends: so many, and none that is larger. */
const maxFree = 16;
const maxFreeBytes = 8 << 20;

/** The dedicated worker: requests with their answers, everything else by `told`, and the buffers that go to and fro. */
export class Engine {
  readonly #worker: Worker;
  readonly #told: (message: FromWorker) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #free: ArrayBuffer[] = [];
  #requests = 0;
  #dead: LiveTapeError | undefined;

  /** Starts the worker. `told` gets all messages but answers and returned buffers. */
  constructor(workerUrl: string | URL | undefined, told: (message: FromWorker) => void) {
    this.#told = told;
    this.#worker = startWorker(workerUrl);
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const why = event.message ? `: ${event.message}` : '';
      const error = new LiveTapeError('worker_failed', `the recorder's worker failed${why}`);
      this.#end(error);
      this.#told({ type: 'failed', code: error.code, message: error.message });
    };
  }

  /** Posts a message that has no answer. Nothing happens when the worker has ended. */
  post(message: ToWorker, transfer: Transferable[] = []): void {
    if (!this.#dead) this.#worker.postMessage(message, transfer);
  }

  /**
   * Posts a request; resolves with its answer, which is of `kind`, rejects with a {@link LiveTapeError}. `told` gets what comes
   * before the answer; `signal` cancels what it asked for.
   */
  async request<Kind extends Answer['type']>(
    message: WithoutNumber<Request>,
    kind: Kind,
    { told, signal }: { told?: (message: Interim) => void; signal?: AbortSignal } = {},
  ): Promise<AnswerOf<Kind>> {
    if (this.#dead) throw this.#dead;
    if (signal?.aborted) throw new LiveTapeError('cancelled');
    const request = ++this.#requests;
    const cancel = (): void => this.post({ type: 'cancel', request });
    signal?.addEventListener('abort', cancel);
    try {
      return await new Promise<AnswerOf<Kind>>((resolve, reject) => {
        this.#pending.set(request, { kind, resolve: resolve as (answer: Answer) => void, reject, told });
        this.post({ ...message, request } as Request);
      });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Sends a copy of what was appended: one copy, one message. */
  append(source: number, data: BufferSource, timestampOffset: number): void {
    const from = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    const bytes = this.#buffer(from.length);
    new Uint8Array(bytes).set(from);
    this.post({ type: 'append', source, bytes, length: from.length, timestampOffset }, [bytes]);
  }

  /** Ends the worker after it has closed its files. */
  close(): void {
    this.post({ type: 'close' });
    this.#end(new LiveTapeError('closed'));
  }

  #buffer(length: number): ArrayBuffer {
    const index = this.#free.findIndex((buffer) => buffer.byteLength >= length);
    const [buffer] = index < 0 ? [] : this.#free.splice(index, 1);
    // Powers of two, so that buffers of one stream fit each other's appends.
    return buffer ?? new ArrayBuffer(2 ** Math.ceil(Math.log2(Math.max(length, 1 << 16))));
  }

  #give(buffer: ArrayBuffer): void {
    if (buffer.byteLength > maxFreeBytes) return;
    this.#free.push(buffer);
    this.#free.sort((a, b) => a.byteLength - b.byteLength);
    if (this.#free.length > maxFree) this.#free.shift();
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'recycle':
        this.#give(message.bytes);
        return;
      case 'failed': {
        const waiting = message.request === undefined ? undefined : this.#take(message.request);
        if (!waiting) break;
        waiting.reject(new LiveTapeError(message.code, message.message));
        return;
      }
      case 'progress':
      case 'upload':
      case 'recording': {
        const told = this.#pending.get(message.request)?.told;
        if (told) return told(message);
        if (message.type !== 'recording') break;
        this.#answer(message);
        return;
      }
      default:
        if (!('request' in message)) break;
        this.#answer(message);
        return;
    }
    this.#told(message);
  }

  #answer(message: Answer): void {
    const waiting = this.#take(message.request);
    if (waiting?.kind === message.type) waiting.resolve(message);
    else waiting?.reject(new LiveTapeError('worker_failed', `the worker answered with "${message.type}" instead of "${waiting.kind}"`));
  }

  #take(request: number): Pending | undefined {
    const waiting = this.#pending.get(request);
    this.#pending.delete(request);
    return waiting;
  }

  #end(error: LiveTapeError): void {
    this.#dead ??= error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** A worker's script must be of the page's own origin; one from elsewhere is imported by a small one that is. */
function startWorker(given: string | URL | undefined): Worker {
  if (!given && new URL(import.meta.url).origin === location.origin) {
    // In one expression: so bundlers find the worker.
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'livetape' });
  }
  const url = given ? new URL(given, document.baseURI) : new URL('./worker.js', import.meta.url);
  if (url.origin === location.origin) return new Worker(url, { type: 'module', name: 'livetape' });
  const shim = URL.createObjectURL(new Blob([importing(url.href)], { type: 'text/javascript' }));
  const worker = new Worker(shim, { type: 'module', name: 'livetape' });
  worker.addEventListener('message', () => URL.revokeObjectURL(shim), { once: true });
  return worker;
}

/**
 * A worker that imports another. Not by an import statement: that would be held against the page's `worker-src`, which then needed more than
 * `blob:`. Messages that come before wait for it.
 */
function importing(url: string): string {
  const failed: FromWorker = { type: 'failed', code: 'worker_failed', message: `the recorder's worker did not load from ${url}` };
  return (
    'const early = []; onmessage = (event) => early.push(event);' +
    `import(${JSON.stringify(url)}).then(() => early.forEach((event) => onmessage(event)), () => postMessage(${JSON.stringify(failed)}));`
  );
}
