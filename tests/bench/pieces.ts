// A file as pieces of 1 MB.

/** Bytes of a piece. */
const pieceSize = 1 << 20;

/** Reads that are asked for before they are waited for. */
const ahead = 2;

type Piece = Uint8Array<ArrayBuffer>;

/** Hands over a file's bytes in order. */
export interface Source {
  /** The next piece; nothing at the end. */
  next(): Promise<Piece | undefined>;
  /** A piece's buffer, which is not needed any more: it is read into again. Who keeps it need not give it back. */
  giveBack(buffer: ArrayBuffer): void;
}

/** Buffers that came back: the run that warms up leaves some, so that the next one need not ask for memory first. */
const free: ArrayBuffer[] = [];

/** What is read: Chromium collects a stream that only a pending read refers to, and the read then never ends. */
let reading: Pieces | undefined;

/** A `File`, read by the engine's own thread: handed over by a worker of its own it costs more. */
export class Pieces implements Source {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #reads: Promise<Piece | undefined>[] = [];

  constructor(file: Blob) {
    this.#reader = file.stream().getReader({ mode: 'byob' });
    reading = this;
    for (let n = 0; n < ahead; n++) this.#read();
  }

  async next(): Promise<Piece | undefined> {
    const piece = await this.#reads.shift();
    if (piece?.length) this.#read();
    else if (reading === this) reading = undefined;
    return piece?.length ? piece : undefined;
  }

  giveBack(buffer: ArrayBuffer): void {
    free.push(buffer);
  }

  #read(): void {
    const buffer = free.pop() ?? new ArrayBuffer(pieceSize);
    const read = this.#reader.read(new Uint8Array(buffer, 0, pieceSize), { min: pieceSize });
    this.#reads.push(read.then(({ value }) => value as Piece | undefined));
  }
}

/** Cuts a file that was read into `count` pieces. */
export function cut(whole: ArrayBuffer, count: number): Piece[] {
  const size = Math.ceil(whole.byteLength / count);
  return Array.from({ length: count }, (_, n) => new Uint8Array(whole.slice(n * size, (n + 1) * size)));
}

/** Pieces that were read before: what is measured is what takes them. */
export class ReadBefore implements Source {
  readonly #pieces: readonly Piece[];
  #taken = 0;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  async next(): Promise<Piece | undefined> {
    return this.#pieces[this.#taken++];
  }

  giveBack(): void {
    // The next run takes them as they are.
  }
}

/**
 * The pieces, cut at `cuts` (positions in the file) as well; `ends` where a segment ends with the piece. What cuts its input
 * into segments gets them as HLS would have them.
 */
export async function* segmented(pieces: Source, size: number, cuts: readonly number[]): AsyncGenerator<{ bytes: Piece; ends: boolean }> {
  let position = 0;
  let next = 0;
  for (let piece = await pieces.next(); piece; piece = await pieces.next()) {
    let at = 0;
    while (at < piece.length) {
      const cut = cuts[next] ?? Infinity;
      const end = Math.min(piece.length, cut - position);
      const ends = position + end === cut || position + end === size;
      if (position + end === cut) next++;
      if (end > at) yield { bytes: piece.subarray(at, end), ends };
      at = end;
    }
    position += piece.length;
  }
}
