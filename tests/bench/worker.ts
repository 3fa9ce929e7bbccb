// The bench's worker: one run of one engine, after a short one that warms it up.
import type { Engine, Job, Told } from './engines/engine.ts';
import { baseline } from './engines/baseline.ts';
import { ffmpegWasm } from './engines/ffmpeg.ts';
import { hlsJs } from './engines/hlsjs.ts';
import { livetape, livetapeIn, livetapeReels } from './engines/livetape.ts';
import { mediabunny } from './engines/mediabunny.ts';
import { muxJs } from './engines/muxjs.ts';
import { Checksum, Collected, Counted, Stored, openFile, removeFiles, type Measured } from './sink.ts';

/** What the page asks for. */
export interface Asked extends Job {
  readonly engine: string;
  readonly into: 'checksum' | 'memory' | 'nothing' | 'opfs';
  /** Bytes of the file that warm the engine up; 0 for none. */
  readonly warmUp: number;
}

/** What the page gets. */
export interface Ran extends Omit<Told, 'file'> {
  readonly millis: number;
  readonly bytes: number;
  readonly sum: number;
}

const engines: Record<string, Engine> = {
  'read and checksum': baseline, livetape, mediabunny, 'mux.js': muxJs, 'hls.js': hlsJs, 'ffmpeg.wasm': ffmpegWasm, 'livetape in 240 pieces': livetapeIn(240),
};

self.onmessage = ({ data }: MessageEvent<Asked>): void => {
  run(data).then(
    (ran) => self.postMessage(ran),
    (error: unknown) => self.postMessage({ failed: String(error instanceof Error ? error.stack : error) }),
  );
};

async function run(asked: Asked): Promise<Ran> {
  const engine = engines[asked.engine];
  if (!engine) throw new Error(`no engine ${asked.engine}`);
  if (asked.warmUp > 0) {
    const { name } = asked.file;
    await engine({ ...asked, file: new File([asked.file.slice(0, asked.warmUp)], name) }, new Checksum());
  }
  if (asked.into === 'opfs') return opfs(asked, engine);
  const sink = sinkFor(asked.into);
  const started = performance.now();
  const { file, ...told } = await engine(asked, sink);
  const millis = performance.now() - started;
  if (sink instanceof Collected) await send(asked.engine, file ? new Map([['main', [file]]]) : sink.streams);
  return { ...told, millis, bytes: sink.bytes, sum: sink.sum };
}

function sinkFor(into: Asked['into']): Measured {
  if (into === 'memory') return new Collected();
  return into === 'nothing' ? new Counted() : new Checksum();
}

/** Into the origin private file system: livetape into its reels, the others into one file. */
async function opfs(asked: Asked, engine: Engine): Promise<Ran> {
  const own = asked.engine === 'livetape';
  if (own) Reflect.deleteProperty(navigator.storage, 'getDirectory');
  await removeFiles();
  const sink = own ? new Checksum() : new Stored(await openFile(asked.engine));
  const started = performance.now();
  const { file, ...told } = await (own ? livetapeReels : engine)(asked, sink);
  if (sink instanceof Stored) sink.close();
  const millis = performance.now() - started;
  return { ...told, millis, bytes: file?.size ?? sink.bytes, sum: 0 };
}

async function send(engine: string, streams: ReadonlyMap<string, BlobPart[]>): Promise<void> {
  for (const [stream, parts] of streams) {
    const answer = await fetch(`/output/${encodeURIComponent(engine)}/${stream}.mp4`, { method: 'PUT', body: new Blob(parts) });
    if (!answer.ok) throw new Error(`the output was not taken: ${answer.status}`);
  }
}
