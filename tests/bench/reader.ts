// The bench's reader: a worker that reads a file in pieces, so that no engine's own thread does.

/** What it is asked: to begin with a file, or for the next piece, in a buffer that came back or a new one. */
export interface Wanted {
  /** Of the file that is read; pieces of others are not wanted any more. */
  readonly number: number;
  readonly file?: Blob;
  readonly buffer?: ArrayBuffer;
}

/** What it answers: a piece, empty at the end. */
export interface Got {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Bytes of a piece. */
const pieceSize = 1 << 20;

/** Here so that it stays: Chromium collects a stream that only a pending read refers to, and the read then never ends. */
let reader: ReadableStreamBYOBReader | undefined;

self.onmessage = ({ data }: MessageEvent<Wanted>): void => {
  const { number, file, buffer } = data;
  if (file) reader = file.stream().getReader({ mode: 'byob' });
  else void read(number, buffer ?? new ArrayBuffer(pieceSize));
};

/** Reads are carried out in the order in which they are asked for. */
async function read(number: number, buffer: ArrayBuffer): Promise<void> {
  const { value } = (await reader?.read(new Uint8Array(buffer, 0, pieceSize), { min: pieceSize })) ?? {};
  const got: Got = { number, bytes: (value as Uint8Array<ArrayBuffer> | undefined) ?? new Uint8Array() };
  self.postMessage(got, { transfer: [got.bytes.buffer] });
}
