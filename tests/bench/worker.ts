// The bench's worker: one run of one engine, after whole ones that warm it up.
import type { Engine, Job, Told } from './engines/engine.ts';
import { baseline, reading } from './engines/baseline.ts';
import { ffmpegWasm } from './engines/ffmpeg.ts';
import { hlsJs } from './engines/hlsjs.ts';
import { livetape, livetapeReels, livetapeUnsummed } from './engines/livetape.ts';
import { mediabunny } from './engines/mediabunny.ts';
import { muxJs } from './engines/muxjs.ts';
import { Pieces, ReadBefore, cut } from './pieces.ts';
import { Checksum, Collected, Counted, Stored, openFile, removeFiles, type Measured } from './sink.ts';

/** What the page asks for. */
export interface Asked extends Omit<Job, 'open' | 'whole'> {
  readonly engine: string;
  /** Where the file is when time begins to count: on disk, in the browser's memory, or in the worker's own. */
  readonly from: 'disk' | 'memory' | 'buffers';
  readonly into: 'checksum' | 'memory' | 'nothing' | 'opfs';
  /** Is the engine warmed up by runs before this one? */
  readonly warmUp: boolean;
}

/** What the page gets. */
export interface Ran extends Omit<Told, 'file'> {
  readonly millis: number;
  readonly bytes: number;
  readonly sum: number;
}

const engines: Record<string, Engine> = {
  read: reading, 'read and checksum': baseline, livetape, 'livetape without sums': livetapeUnsummed, mediabunny, 'mux.js': muxJs, 'hls.js': hlsJs, 'ffmpeg.wasm': ffmpegWasm,
};

/**
 * How long an engine runs, at least, before it is timed, in ms. The browser compiles a function better the longer it has run, and
 * beside what it runs: one run of each would give the fastest the least of it.
 */
const warmUp = 2_000;

/** Pieces of a file that was read before: some 1 MB each of the large ones. */
const piecesInMemory = 240;

self.onmessage = ({ data }: MessageEvent<Asked>): void => {
  run(data).then(
    (ran) => self.postMessage(ran),
    (error: unknown) => self.postMessage({ failed: String(error instanceof Error ? error.stack : error) }),
  );
};

async function run(asked: Asked): Promise<Ran> {
  const engine = engines[asked.engine];
  if (!engine) throw new Error(`no engine ${asked.engine}`);
  const job = await jobOf(asked);
  if (asked.warmUp) await warm(engine, job);
  if (asked.into === 'opfs') return opfs(asked, job, engine);
  const sink = sinkFor(asked.into);
  const started = performance.now();
  const { file, ...told } = await engine(job, sink);
  const millis = performance.now() - started;
  if (sink instanceof Collected) await send(asked.engine, file ? new Map([['main', [file]]]) : sink.streams);
  return { ...told, millis, bytes: sink.bytes, sum: sink.sum };
}

async function warm(engine: Engine, job: Job): Promise<void> {
  const began = performance.now();
  do await engine(job, new Checksum());
  while (performance.now() - began < warmUp);
}

/** Reads the file where it is to be in memory, in as many pieces as both files of equally many samples have. */
async function jobOf({ file, from, cuts, hlsConfig }: Asked): Promise<Job> {
  if (from !== 'buffers') return { file, cuts, hlsConfig, open: () => new Pieces(file) };
  const whole = await file.arrayBuffer();
  const pieces = cut(whole, piecesInMemory);
  return { file, whole, cuts, hlsConfig, open: () => new ReadBefore(pieces) };
}

function sinkFor(into: Asked['into']): Measured {
  if (into === 'memory') return new Collected();
  return into === 'nothing' ? new Counted() : new Checksum();
}

/** Into the origin private file system: livetape into its reels, the others into one file. */
async function opfs(asked: Asked, job: Job, engine: Engine): Promise<Ran> {
  const own = asked.engine === 'livetape';
  if (own) Reflect.deleteProperty(navigator.storage, 'getDirectory');
  await removeFiles();
  const sink = own ? new Checksum() : new Stored(await openFile(asked.engine));
  const started = performance.now();
  const { file, ...told } = await (own ? livetapeReels : engine)(job, sink);
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
