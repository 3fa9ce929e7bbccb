import { Clip } from './clip.js';
import { Engine } from './engine.js';
import { LiveTapeError } from './errors.js';
import { Emitter, type TapeEvents, type TapeWindow } from './events.js';
import type { FromWorker, TrackInfo } from './protocol.js';
import { Recording } from './recording.js';
import { VideoTap } from './video_tap.js';

/** How a tape is made. */
export interface TapeOptions {
  /** Seconds of the past to keep; one hour unless told. */
  readonly window?: number;
  /** Most bytes to keep; 2 GiB unless told. */
  readonly windowBytes?: number;
  /** Where `livetape/worker` is, when a bundler does not keep it beside this module. */
  readonly workerUrl?: string | URL;
}

/** Where a recording goes, and what allows it: one of `token` and `template`. */
export interface RecordOptions {
  /** The edge's address, e.g. `https://tape.example.com`. */
  readonly edge: string;
  /** Ingest token of a recording that your server has created. */
  readonly token?: string;
  /** Public template id: the edge creates the recording. */
  readonly template?: string;
  /** Most bits a second that are sent, on average. What is recorded faster is sent later. No limit unless told. */
  readonly maxBitrate?: number;
}

/** What to cut: the latest seconds, or a span on the video element's timeline. */
export type ClipRange = { readonly last: number } | { readonly start: number; readonly end: number };

/** A tape: the recent past of a live stream, stored on the viewer's own disk. */
export class LiveTape extends Emitter<TapeEvents> {
  readonly #engine: Engine;
  #tap: VideoTap | undefined;
  #storage: 'opfs' | 'memory' = 'memory';
  #window: TapeWindow = { start: 0, end: 0, bytes: 0 };
  #tracks: readonly TrackInfo[] = [];
  #recording: Recording | undefined;
  #starting = false;
  readonly #pulls: boolean;
  readonly #open = Promise.withResolvers<void>();
  #isOpen = false;

  private constructor(options: TapeOptions, pull?: string) {
    super();
    this.#pulls = pull !== undefined;
    const window = windowOf(options);
    this.#engine = new Engine(options.workerUrl, (message) => this.#told(message));
    this.#engine.post(pull === undefined ? { type: 'open', window, mode: 'tap' } : { type: 'open', window, mode: 'pull', url: pull });
  }

  /**
   * Tapes what `video`'s player appends. The player needs no change, but `livetape/tap` must be loaded before it.
   *
   * The video may get its source later. Rejects with `tap_too_late`, `tap_no_media_source` or `tap_in_worker` when it has
   * one that cannot be tapped; when that shows later it is an `error` event.
   */
  static async tap(video: HTMLVideoElement, options: TapeOptions = {}): Promise<LiveTape> {
    const tape = new LiveTape(options);
    try {
      await tape.#open.promise;
      tape.#isOpen = true;
      let ready = false;
      tape.#tap = new VideoTap(video, tape.#engine, (error) => {
        if (ready) tape.emit('error', error);
      });
      if (tape.#tap.fault) throw tape.#tap.fault;
      ready = true;
      return tape;
    } catch (error) {
      tape.close();
      throw error;
    }
  }

  /**
   * Tapes a live HLS stream without a player: the worker fetches it. `url` must allow this page to read it (CORS).
   *
   * Resolves when the first media is on the tape. Rejects with `playlist_unreachable` or `playlist_invalid`.
   */
  static async pull(url: string | URL, options: TapeOptions = {}): Promise<LiveTape> {
    const tape = new LiveTape(options, absolute('url', url));
    try {
      await tape.#open.promise;
      tape.#isOpen = true;
      return tape;
    } catch (error) {
      tape.close();
      throw error;
    }
  }

  /** Where the tape is kept: on disk (the origin private file system), or in memory where the browser has none. */
  get storage(): 'opfs' | 'memory' {
    return this.#storage;
  }

  /** The span of time on the tape. */
  get window(): TapeWindow {
    return this.#window;
  }

  /** Tracks of the stream, as soon as they are known. */
  get tracks(): readonly TrackInfo[] {
    return this.#tracks;
  }

  /** The recording that is running. */
  get recording(): Recording | undefined {
    return this.#recording;
  }

  /** Starts a recording at the keyframe at or before what the viewer sees, and sends it to the edge while it grows. */
  async record(options: RecordOptions): Promise<Recording> {
    this.#ready();
    if (this.#recording || this.#starting) throw new LiveTapeError('already_recording');
    if (!isSecureContext) throw new LiveTapeError('not_secure');
    if (!options.token === !options.template) throw new LiveTapeError('bad_option', 'record() needs a token or a template');
    const edge = absolute('edge', options.edge).replace(/\/+$/, '');
    const { token, template, maxBitrate } = options;
    const cap = maxBitrate === undefined ? undefined : Math.ceil(seconds('maxBitrate', maxBitrate) / 8);
    this.#starting = true;
    try {
      const answer = await this.#engine.request({
        type: 'record',
        edge,
        ...(token === undefined ? {} : { token }),
        ...(template === undefined ? {} : { template }),
        ...(cap === undefined ? {} : { cap }),
      });
      if (answer.type !== 'recording') throw new LiveTapeError('worker_failed', `the worker answered "record" with "${answer.type}"`);
      const recording = new Recording(this.#engine, answer.id, answer.playback, () => (this.#recording = undefined));
      this.#recording = recording;
      return recording;
    } finally {
      this.#starting = false;
    }
  }

  /**
   * Cuts an MP4 from the tape: no media is re-encoded, next to nothing is copied. It begins with the first picture shown at or
   * after the start, exactly; from `window.start` on it has all there is. Where the sound changes its configuration inside the
   * range no one MP4 plays right everywhere: rejects with `configuration_change`, whose message names the ranges to cut instead.
   */
  async clip(range: ClipRange): Promise<Clip> {
    this.#ready();
    const wanted =
      'last' in range ? { last: seconds('last', range.last) } : { start: seconds('start', range.start), end: seconds('end', range.end) };
    const answer = await this.#engine.request({ type: 'clip', ...wanted });
    if (answer.type !== 'clip') throw new LiveTapeError('worker_failed', `the worker answered "clip" with "${answer.type}"`);
    return new Clip(this.#engine, answer);
  }

  /** Lets go of the video and of the tape. Stop a recording first: it is not finished by this. */
  close(): void {
    this.#tap?.close();
    this.#engine.close();
  }

  #ready(): void {
    if (this.#tap?.fault) throw this.#tap.fault;
    this.#tap?.tellPlayhead();
  }

  #told(message: FromWorker): void {
    switch (message.type) {
      case 'opened':
        this.#storage = message.storage;
        if (!this.#pulls) this.#open.resolve();
        break;
      case 'window': {
        const { start, end, bytes } = message;
        this.#window = { start, end, bytes };
        this.emit('window', this.#window);
        break;
      }
      case 'tracks':
        this.#tracks = message.tracks;
        this.emit('tracks', this.#tracks);
        this.#open.resolve();
        break;
      case 'progress': {
        const { elapsed, bytes, uploaded, objects } = message;
        this.#recording?.advance({ elapsed, bytes, uploaded, objects });
        break;
      }
      case 'upload':
        this.#recording?.turn(message.why === undefined ? { state: message.state } : { state: message.state, why: message.why });
        break;
      case 'event': {
        const { code, message: text, at } = message;
        this.emit('notice', { code, message: text, ...(at === undefined ? {} : { at }) });
        break;
      }
      case 'failed':
        this.#failed(new LiveTapeError(message.code, message.message), message.request !== undefined);
        break;
    }
  }

  /** `ofRecording`: what failed was asked for by a call that has long resolved, as only `record()` has; it is over. */
  #failed(error: LiveTapeError, ofRecording: boolean): void {
    if (!this.#isOpen) return this.#open.reject(error);
    const recording = this.#recording;
    if (ofRecording) recording?.end();
    recording?.emit('error', error);
    this.emit('error', error);
  }
}

function windowOf(options: TapeOptions): { seconds: number; bytes: number } {
  return {
    seconds: seconds('window', options.window ?? 3600),
    bytes: seconds('windowBytes', options.windowBytes ?? 2 ** 31),
  };
}

function seconds(name: string, value: number): number {
  if (!(value >= 0 && value < Infinity)) throw new LiveTapeError('bad_option', `${name} must be a number that is not negative (got ${value})`);
  return value;
}

function absolute(name: string, url: string | URL): string {
  if (!URL.canParse(url, document.baseURI)) throw new LiveTapeError('bad_option', `${name} must be a URL (got ${url})`);
  return new URL(url, document.baseURI).href;
}
