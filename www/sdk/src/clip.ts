import type { Engine } from './engine.js';
import type { ClipMessage, TrackInfo } from './protocol.js';

/**
 * An MP4 cut from a tape. Its bytes stay where they were recorded: hold it as long as it is needed, then `close()` it, so
 * that the tape may delete them. Ended by closing the tape as well.
 */
export class Clip {
  /** The MP4. Readable until `close()`. */
  readonly blob: Blob;
  /** Where it begins, in seconds on the video element's timeline. */
  readonly start: number;
  /** Seconds. */
  readonly duration: number;
  readonly tracks: readonly TrackInfo[];
  /** Bytes of the MP4 that were made for it; all others are the recorded ones. */
  readonly headerBytes: number;
  /** Recorded bytes that had to be copied, because their file was still being written. */
  readonly copiedBytes: number;
  readonly #engine: Engine;
  readonly #number: number;
  #url: string | undefined;

  /** @internal */
  constructor(engine: Engine, message: ClipMessage) {
    this.#engine = engine;
    this.#number = message.clip;
    this.blob = message.blob;
    this.start = message.start;
    this.duration = message.duration;
    this.tracks = message.tracks;
    this.headerBytes = message.headerBytes;
    this.copiedBytes = message.copiedBytes ?? 0;
  }

  /** A `blob:` URL of the MP4, for a link or a video element. Good until `close()`. */
  get url(): string {
    return (this.#url ??= URL.createObjectURL(this.blob));
  }

  /** Saves the MP4 among the browser's downloads. */
  save(name = `clip-${timeStamp(new Date())}.mp4`): void {
    const link = document.createElement('a');
    link.href = this.url;
    link.download = name;
    link.click();
  }

  /** Lets go of the recorded bytes. A download that is still running may break off. */
  close(): void {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
    this.#engine.post({ type: 'closeClip', clip: this.#number });
  }
}

/** Local time as `20260131-235959`. */
function timeStamp(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
