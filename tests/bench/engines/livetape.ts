// The product: the recorder's Engine as its worker runs it. Its reels are the OPFS's, or files that hand what is written to a sink.
import type { Engine as EngineRun } from './engine.ts';
import type { Source } from '../pieces.ts';
import { Collected, type Sink } from '../sink.ts';
import { payloadSum } from '../../../www/sdk/src/payload_sum.ts';

interface Handler { handle(message: object): void; free(): void }
interface Module {
  default(options: { module_or_path: string }): Promise<{ memory: WebAssembly.Memory }>;
  Engine: new (post: (message: Message, transfer?: Transferable[]) => void, sum: Sum) => Handler;
}
interface Message { readonly type: string; readonly message?: string; readonly blob?: Blob; readonly bytes?: ArrayBuffer }

/** Appends that may wait to be handled. */
const underWay = 2;

type Sum = (bytes: Uint8Array) => number;

/** Into reels of the sink's: nothing else of the product is changed. */
export const livetape: EngineRun = async ({ open }, sink) => {
  putReelsInto(sink);
  return remux(open, sink, payloadSum);
};

/** Without the journal's sum of what is stored, which is the only thing that looks at every byte. */
export const livetapeUnsummed: EngineRun = async ({ open }, sink) => {
  putReelsInto(sink);
  return remux(open, sink, () => 0);
};

/** Into reels of the OPFS. */
export const livetapeReels: EngineRun = async ({ open }, sink) => remux(open, sink, payloadSum);

async function remux(open: () => Source, sink: Sink, sum: Sum): ReturnType<EngineRun> {
  const url = '/livetape/livetape_web.js';
  const module = (await import(url)) as Module;
  const { memory } = await module.default({ module_or_path: '/livetape/livetape_web_bg.wasm' });
  const copied = (counted ??= countCopies(memory));
  copied.in = 0;
  const waiting = new Map<string, (message: Message) => void>();
  const pieces = open();
  let pending = 0;
  let recycled = (): void => undefined;
  const engine = new module.Engine((message) => {
    if (message.type === 'recycle' && message.bytes) {
      pieces.giveBack(message.bytes);
      pending--;
      recycled();
    }
    const failed = message.type === 'failed' ? [...waiting.values()][0] : undefined;
    (failed ?? waiting.get(message.type))?.(message);
  }, sum);
  const answer = (type: string): Promise<Message> => new Promise((resolve) => waiting.set(type, resolve));
  const ask = (message: object, type: string): Promise<Message> => {
    const answered = answer(type);
    engine.handle(message);
    return answered;
  };
  await ask({ type: 'open', mode: 'tap', window: { seconds: 1e6, bytes: 1e12 } }, 'opened');
  engine.handle({ type: 'source', source: 1, mime: 'video/mp2t' });
  const began = performance.now();
  for (let piece = await pieces.next(); piece; piece = await pieces.next()) {
    pending++;
    engine.handle({ type: 'append', source: 1, bytes: piece.buffer, length: piece.length, timestampOffset: 0 });
    while (pending >= underWay) await new Promise<void>((resolve) => (recycled = resolve));
  }
  engine.handle({ type: 'abort', source: 1 }); // completes the last access unit
  const started = performance.now();
  const clip = await ask({ type: 'clip', request: 1, start: -1e6, end: 1e6 }, 'clip');
  if (!clip.blob) throw new Error(clip.message ?? 'there is no clip');
  const header = performance.now() - started;
  if (!(sink instanceof Collected)) sink.write(new Uint8Array(await clip.blob.slice(0, 1 << 22).arrayBuffer()));
  engine.free(); // of the run that warms up nothing stays in the module's memory
  return { memory: memory.buffer.byteLength, copiedIn: copied.in, file: clip.blob, header, own: started + header - began };
}

/** Of the module, which is the same for the run that warms up and the one that is timed. */
let counted: { in: number } | undefined;

/** Counts what is copied into a module's memory. */
function countCopies(memory: WebAssembly.Memory): { in: number } {
  const copied = { in: 0 };
  const set = Uint8Array.prototype.set;
  Uint8Array.prototype.set = function (this: Uint8Array, from: ArrayLike<number>, at?: number): void {
    if (this.buffer === memory.buffer) copied.in += from.length;
    set.call(this, from, at);
  };
  return copied;
}

/** Files as the OPFS has them, as far as the product uses it, whose bytes go to the sink. */
function putReelsInto(sink: Sink): void {
  const open = (): object => {
    const written: BlobPart[] = [];
    const createSyncAccessHandle = async (): Promise<object> => ({
      write(bytes: Uint8Array): number {
        sink.write(bytes);
        if (sink instanceof Collected) written.push(bytes.slice());
        return bytes.length;
      },
      truncate: () => undefined,
      flush: () => undefined,
      getSize: () => 0,
      close: () => undefined,
    });
    return { createSyncAccessHandle, getFile: async () => new Blob(written) };
  };
  const folder: object = {
    getDirectoryHandle: async () => folder,
    getFileHandle: async () => open(),
    keys: async function* () {
      // Nothing was left behind.
    },
    removeEntry: async () => undefined,
  };
  Object.defineProperty(navigator.storage, 'getDirectory', { value: async () => folder, configurable: true });
}
