// Where an engine's output goes: a checksum, memory (to be looked at afterwards), or a file of the OPFS.
import { sumOfWords } from './sum.ts';

/** Takes an engine's output. The bytes are its own again after the call. */
export interface Sink {
  /** `stream` tells outputs apart where an engine makes more than one file. */
  write(bytes: Uint8Array, stream?: string): void;
}

/** A sink that knows how much it took. */
export interface Measured extends Sink {
  readonly bytes: number;
  /** A checksum, or 0. */
  readonly sum: number;
}

/** A file opened for writing in a worker; the DOM's types leave it out. */
export interface SyncHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}

/** Counts bytes and adds up their 32-bit words: the cheapest that reads every byte. */
export class Checksum implements Measured {
  bytes = 0;
  sum = 0;

  write(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    this.sum = (this.sum + sumOfWords(bytes)) | 0;
  }
}

/** Only counts. */
export class Counted implements Measured {
  bytes = 0;
  readonly sum = 0;

  write(bytes: Uint8Array): void {
    this.bytes += bytes.length;
  }
}

/** Keeps everything, by stream, and its checksum. */
export class Collected extends Checksum {
  readonly streams = new Map<string, Uint8Array<ArrayBuffer>[]>();

  override write(bytes: Uint8Array, stream = 'main'): void {
    super.write(bytes);
    const pieces = this.streams.get(stream) ?? [];
    this.streams.set(stream, pieces);
    pieces.push(bytes.slice());
  }
}

/** Appends to a file of the OPFS, and counts. */
export class Stored implements Measured {
  bytes = 0;
  readonly sum = 0;
  readonly #handle: SyncHandle;

  constructor(handle: SyncHandle) {
    this.#handle = handle;
  }

  write(bytes: Uint8Array): void {
    this.bytes += this.#handle.write(bytes, { at: this.bytes });
  }

  close(): void {
    this.#handle.close();
  }
}

/** Removes what runs before left in the OPFS. */
export async function removeFiles(): Promise<void> {
  const folder = await navigator.storage.getDirectory();
  for await (const name of folder.keys()) await folder.removeEntry(name, { recursive: true }).catch(() => undefined);
}

/** A fresh file of the OPFS. */
export async function openFile(name: string): Promise<SyncHandle> {
  const folder = await navigator.storage.getDirectory();
  const file = await folder.getFileHandle(name, { create: true });
  return (file as unknown as { createSyncAccessHandle(): Promise<SyncHandle> }).createSyncAccessHandle();
}
