import { clipName, downloadUrl } from './download.js';
import { edgeRequest, type EdgeTarget } from './edge_target.js';
import type { Engine } from './engine.js';
import { LiveTapeError } from './errors.js';
import type { ClipMessage, PlaybackUrls, TrackInfo } from './protocol.js';

/** How a clip is uploaded. */
export interface UploadOptions extends EdgeTarget {
  /** Ends the upload: it rejects with `cancelled`, and what the edge has got stays there, unfinished. */
  readonly signal?: AbortSignal;
  /** Called as bytes arrive at the edge; `uploaded` of `bytes`. */
  readonly onProgress?: (progress: { readonly uploaded: number; readonly bytes: number }) => void;
}

/** A clip that the edge plays. */
export interface UploadedClip {
  /** The edge's id of it. */
  readonly id: string;
  /** Seconds. */
  readonly duration: number;
  /** Bytes sent. */
  readonly bytes: number;
  /** `mp4` begins and ends with exactly the clip's pictures; by HLS, what decoding needs before them flashes by in a few ms. */
  readonly playback: PlaybackUrls;
}

/**
 * An MP4 cut from a tape. Its bytes stay where they were recorded: hold it as long as it is needed, then `close()` it, so
 * that the tape may delete them. Ended by closing the tape as well.
 */
export class Clip {
  /** The MP4. Readable until `close()`, whatever the tape does meanwhile. */
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
  #closed = false;

  /** @internal */
  constructor(engine: Engine, message: ClipMessage) {
    this.#engine = engine;
    this.#number = message.clip;
    this.blob = message.blob;
    this.start = message.start;
    this.duration = message.duration;
    this.tracks = message.tracks;
    this.headerBytes = message.headerBytes;
    this.copiedBytes = message.copiedBytes;
  }

  /** A `blob:` URL of the MP4, for a link or a video element. Good until `close()`. */
  get url(): string {
    this.#mustBeOpen();
    return (this.#url ??= URL.createObjectURL(this.blob));
  }

  /**
   * Saves the MP4 where the user says, where the browser lets them choose and the page may ask (within a click, not in a
   * foreign frame); else among the browser's downloads. Resolves when all of it is written, or the download has begun; with
   * false when the user chose no place.
   */
  async save(name = clipName('mp4'), { signal }: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    this.#mustBeOpen();
    const place = await choosePlace(name);
    if (place === 'nowhere') return false;
    if (place === 'downloads') this.download(name);
    else await this.blob.stream().pipeTo(await place.createWritable(), signal ? { signal } : {});
    return true;
  }

  /** Saves the MP4 among the browser's downloads. */
  download(name = clipName('mp4')): void {
    downloadUrl(this.url, name);
  }

  /**
   * Sends the clip to the edge, where it is a finished recording of its own: fragments over the stored bytes, by the fast
   * plane. Resolves when it plays there. Rejects with `edge_unreachable`, `edge_refused`, `bad_access`, `cancelled`.
   */
  async upload(edge: string | URL, options: UploadOptions): Promise<UploadedClip> {
    this.#mustBeOpen();
    const { signal, onProgress, ...target } = options;
    let id = '';
    const stopped = await this.#engine.request({ type: 'upload', clip: this.#number, ...edgeRequest(edge, target) }, 'stopped', {
      ...(signal ? { signal } : {}),
      told: (message) => {
        if (message.type === 'recording') id = message.id;
        else if (message.type === 'progress') onProgress?.({ uploaded: message.uploaded, bytes: message.bytes });
      },
    });
    const { duration, bytes, playback, preRoll } = stopped;
    const exact = `?start=${preRoll.toFixed(6)}&end=${(preRoll + this.duration).toFixed(6)}`;
    return { id, duration: this.duration, bytes, playback: duration > this.duration || preRoll ? { ...playback, mp4: playback.mp4 + exact } : playback };
  }

  /** Lets go of the recorded bytes. A download or an upload that is still running may break off. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#engine.post({ type: 'closeClip', clip: this.#number });
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new LiveTapeError('clip_closed');
  }
}

/** The part of the File System Access API that is used; not in every browser. */
interface SaveFilePicker {
  showSaveFilePicker?(options: object): Promise<{ createWritable(): Promise<WritableStream<Uint8Array>> }>;
}

async function choosePlace(name: string): Promise<Awaited<ReturnType<NonNullable<SaveFilePicker['showSaveFilePicker']>>> | 'downloads' | 'nowhere'> {
  const page = globalThis as SaveFilePicker;
  if (!page.showSaveFilePicker) return 'downloads';
  try {
    return await page.showSaveFilePicker({ suggestedName: name, types: [{ accept: { 'video/mp4': ['.mp4'] } }] });
  } catch (error) {
    // Without a click, or in a foreign frame, a page may not ask.
    return (error as DOMException).name === 'AbortError' ? 'nowhere' : 'downloads';
  }
}
