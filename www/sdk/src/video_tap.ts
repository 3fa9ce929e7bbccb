import type { Engine } from './engine.js';
import { LiveTapeError } from './errors.js';
import type { Tap, TapSink } from './tap_registry.js';

/** A player that has shown pictures for so long (ms) without one append seen was set up before the tap. */
const patience = 4000;

/** Connects a video element, whatever it plays over time, to the worker. */
export class VideoTap {
  readonly #video: HTMLVideoElement;
  readonly #engine: Engine;
  readonly #failed: (error: LiveTapeError) => void;
  readonly #stop = new AbortController();
  readonly #sink: TapSink;
  #owner: MediaSource | undefined;
  #detach: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #seen = false;
  /** Why nothing can be recorded now. */
  fault: LiveTapeError | undefined;

  /** Connects at once where the video has a source, else when it gets one. `failed` is told of each new `fault`. */
  constructor(video: HTMLVideoElement, engine: Engine, failed: (error: LiveTapeError) => void) {
    this.#video = video;
    this.#engine = engine;
    this.#failed = failed;
    this.#sink = {
      source: (source, mime) => engine.post({ type: 'source', source, mime }),
      call: (source, name, value, timestampOffset) => {
        switch (name) {
          case 'appendBuffer':
            this.#seen = true;
            return engine.append(source, value as BufferSource, timestampOffset);
          case 'abort':
          case 'joined':
            return engine.post({ type: name, source });
          case 'changeType':
            return engine.post({ type: name, source, mime: String(value) });
          default:
            return engine.post({ type: 'set', source, property: name, value: value as string | number });
        }
      },
    };
    const { signal } = this.#stop;
    video.addEventListener('loadstart', () => this.#connect(), { signal });
    video.addEventListener('timeupdate', () => this.tellPlayhead(), { signal });
    this.#connect();
  }

  /** Tells the worker what the viewer sees now. */
  tellPlayhead(): void {
    this.#engine.post({ type: 'playhead', time: this.#video.currentTime });
  }

  /** Lets go of the video. */
  close(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    this.#detach?.();
  }

  #connect(): void {
    const tap = (globalThis as unknown as Record<symbol, Tap | undefined>)[Symbol.for('livetape.tap')];
    const owner = tap?.find(this.#video);
    if (owner && owner === this.#owner) return;
    this.#detach?.();
    this.#detach = undefined;
    this.#owner = owner;
    this.fault = undefined;
    this.#seen = false;
    if (owner) {
      this.#detach = tap?.attach(owner, this.#sink);
      if (!this.#detach) this.#fail(new LiveTapeError('tap_too_late'));
      else this.#watchForSilence();
    } else {
      const why = whyNotTapped(this.#video);
      if (why) this.#fail(why);
    }
  }

  #watchForSilence(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#seen && this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.#fail(new LiveTapeError('tap_too_late'));
    }, patience);
  }

  #fail(error: LiveTapeError): void {
    this.fault = error;
    this.#failed(error);
  }
}

/** Why a video whose `MediaSource` the tap does not know cannot be tapped; undefined when it has no source yet. */
function whyNotTapped(video: HTMLVideoElement): LiveTapeError | undefined {
  const object: unknown = video.srcObject;
  const handle = (globalThis as { MediaSourceHandle?: abstract new () => object }).MediaSourceHandle;
  if (handle && object instanceof handle) return new LiveTapeError('tap_in_worker');
  if (object) return new LiveTapeError('tap_no_media_source');
  const url = video.currentSrc || video.src;
  if (!url) return undefined;
  return new LiveTapeError(url.startsWith('blob:') ? 'tap_too_late' : 'tap_no_media_source');
}
