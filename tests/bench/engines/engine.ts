// What every engine is driven by.
import type { Source } from '../pieces.ts';
import type { Sink } from '../sink.ts';

/** What to remux, and how it may be cut. */
export interface Job {
  readonly file: File;
  /** All of the file, where it was read before. */
  readonly whole?: ArrayBuffer;
  /** The file in pieces; begins to read where it was not read before. */
  open(): Source;
  /** Positions in the file at which a segment begins: before a keyframe. */
  readonly cuts: readonly number[];
  /** hls.js's default configuration, as its interface sends it to its worker. */
  readonly hlsConfig: string;
}

/** What an engine tells beside its output. */
export interface Told {
  /** Bytes of its Wasm memory in the end. */
  readonly memory?: number;
  /** Bytes copied into its Wasm memory. */
  readonly copiedIn?: number;
  /** The finished file, where the sink does not hold it. */
  readonly file?: Blob;
  /** Milliseconds of the last step: the file's header. */
  readonly header?: number;
  /** Milliseconds from the first piece to the file's header. */
  readonly own?: number;
}

/** Runs an engine over a whole file. */
export type Engine = (job: Job, sink: Sink) => Promise<Told>;
