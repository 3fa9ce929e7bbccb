import type { Engine } from './engine.js';
import { LiveTapeError } from './errors.js';
import { Emitter } from './events.js';
import type { PastFragment } from './protocol.js';

/** Seconds that are buffered ahead of what is shown, and kept behind it. */
const ahead = 20;
const behind = 30;

/** Events of a replay, and what each carries in `detail`. */
export interface ReplayEvents {
  /** It cannot go on. */
  error: LiveTapeError;
}

/**
 * The tape's past, played in a video element: its `currentTime` is the time of the tape.
 *
 * Fragments over what is stored are appended to a `MediaSource`, a few seconds at a time. A `Blob` of a clip would do as well
 * for a moment, but it ends: near the live edge a new file would be needed every few seconds, with a hitch each time, and every
 * one would close a reel and hold it. This plays on into what is being recorded, holds no reel, and takes from the browser's
 * quota for media no more than what lies around the moment that is shown.
 */
export class Replay extends Emitter<ReplayEvents> {
  readonly #engine: Engine;
  readonly #video: HTMLVideoElement;
  readonly #source: MediaSource;
  readonly #opened: Promise<void>;
  readonly #stop = new AbortController();
  /** Whatever waits for a video that shows nothing any more waits no longer. */
  readonly #ended: Promise<void>;
  #buffer: SourceBuffer | undefined;
  #config = '';
  #ahead = ahead;
  /** Counts the seeks: what was asked for before the latest is dropped. */
  #turn = 0;
  #grown = Promise.withResolvers<void>();
  /** Appends one after another. */
  #last: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(engine: Engine, video: HTMLVideoElement) {
    super();
    this.#engine = engine;
    this.#video = video;
    const kinds = globalThis as unknown as { ManagedMediaSource?: typeof MediaSource };
    this.#source = new (globalThis.MediaSource ?? kinds.ManagedMediaSource)();
    // Managed sources are refused to videos that may be played elsewhere.
    if (!('MediaSource' in globalThis)) video.disableRemotePlayback = true;
    const { signal } = this.#stop;
    this.#opened = new Promise((resolve) => this.#source.addEventListener('sourceopen', () => resolve(), { once: true, signal }));
    this.#ended = new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    const url = URL.createObjectURL(this.#source);
    video.src = url;
    signal.addEventListener('abort', () => URL.revokeObjectURL(url));
    for (const type of ['timeupdate', 'waiting'] as const) video.addEventListener(type, () => this.grown(), { signal });
  }

  /** Shows the moment `time` of the tape; resolves when its picture is there, or when a later seek has taken its place. */
  async seek(time: number): Promise<void> {
    await Promise.race([this.#seek(time, ++this.#turn), this.#ended]);
  }

  async #seek(time: number, turn: number): Promise<void> {
    await this.#opened;
    if (turn !== this.#turn || this.#stop.signal.aborted) return;
    const { fragment: first } = await this.#engine.request({ type: 'past', time }, 'past');
    if (turn !== this.#turn) return;
    if (!first) throw new LiveTapeError('nothing_recorded');
    const buffer = this.#buffer;
    // What was buffered elsewhere would only be in the way.
    if (buffer && !covers(buffer.buffered, time)) await this.#next(() => this.#update(() => buffer.remove(0, Infinity)));
    await this.#append(first);
    if (turn !== this.#turn) return;
    const shown = new Promise((resolve) => this.#video.addEventListener('seeked', resolve, { once: true }));
    this.#video.currentTime = Math.max(time, first.start);
    void this.#pump(first, turn).catch((cause: unknown) => this.#fail(cause));
    await shown;
  }

  /** @internal The tape has grown, or more of it was played: there may be something to append. */
  grown(): void {
    this.#grown.resolve();
    this.#grown = Promise.withResolvers();
  }

  /** Ends it; the video shows nothing any more. */
  close(): void {
    if (this.#stop.signal.aborted) return;
    this.#turn += 1;
    this.#stop.abort();
    this.grown();
    this.#video.removeAttribute('src');
    this.#video.load();
  }

  /** Keeps the buffer filled from what comes after `last`. */
  async #pump(last: PastFragment, turn: number): Promise<void> {
    while (turn === this.#turn) {
      const grown = this.#grown.promise;
      const { currentTime, playbackRate } = this.#video;
      const isFull = last.end - currentTime >= this.#ahead * Math.max(1, playbackRate);
      const { fragment } = isFull ? {} : await this.#engine.request({ type: 'past', next: last.next }, 'past');
      if (turn !== this.#turn) return;
      if (fragment && (await this.#append(fragment))) {
        this.#skipHole();
        last = fragment;
      } else {
        await grown;
      }
    }
  }

  /** What the stream does not have cannot be waited for. */
  #skipHole(): void {
    const { buffered, currentTime } = this.#video;
    for (let range = 0; range < buffered.length; range += 1) {
      if (currentTime < buffered.end(range) - 0.1) {
        if (currentTime < buffered.start(range)) this.#video.currentTime = buffered.start(range);
        return;
      }
    }
  }

  /** Does something when all before it is done: a buffer does one thing at a time. */
  #next<Result>(action: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** False where the browser takes no more bytes now. */
  #append(fragment: PastFragment): Promise<boolean> {
    return this.#next(() => this.#appendNow(fragment));
  }

  async #appendNow({ config, mime, init, bytes, later }: PastFragment): Promise<boolean> {
    if (this.#stop.signal.aborted) return false;
    const buffer = (this.#buffer ??= this.#source.addSourceBuffer(mime));
    if (config !== this.#config) {
      if (this.#config) buffer.changeType(mime);
      await this.#update(() => buffer.appendBuffer(init));
      this.#config = config;
    }
    buffer.timestampOffset = -later;
    await this.#forget(buffer, behind);
    if (await this.#fits(buffer, bytes)) return true;
    // Less is buffered from now on, and next to nothing is kept of what was shown. What does not fit then lies ahead, and
    // waits until more was shown.
    this.#ahead = Math.max(4, this.#ahead / 2);
    await this.#forget(buffer, 1);
    return this.#fits(buffer, bytes);
  }

  /** Forgets what was shown more than `kept` seconds ago. */
  async #forget(buffer: SourceBuffer, kept: number): Promise<void> {
    const until = this.#video.currentTime - kept;
    if (covers(buffer.buffered, until)) await this.#update(() => buffer.remove(0, until));
  }

  /** Appends, where the browser takes so many bytes. */
  async #fits(buffer: SourceBuffer, bytes: BufferSource): Promise<boolean> {
    try {
      await this.#update(() => buffer.appendBuffer(bytes));
      return true;
    } catch (error) {
      if ((error as DOMException).name === 'QuotaExceededError') return false;
      throw error;
    }
  }

  /** Resolves when what `begin` began is done. */
  #update(begin: () => void): Promise<void> {
    const buffer = this.#buffer;
    if (!buffer || this.#stop.signal.aborted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      buffer.onupdateend = (): void => resolve();
      buffer.onerror = (): void => reject(new LiveTapeError('replay_failed'));
      begin();
    });
  }

  #fail(cause: unknown): void {
    if (this.#stop.signal.aborted) return;
    const error = cause instanceof LiveTapeError ? cause : new LiveTapeError('replay_failed', undefined, { cause });
    this.close();
    this.emit('error', error);
  }
}

function covers(ranges: TimeRanges, time: number): boolean {
  for (let range = 0; range < ranges.length; range += 1) {
    if (ranges.start(range) <= time && time < ranges.end(range)) return true;
  }
  return false;
}
