import { Clip } from './clip.js';
import { absolute, edgeRequest, type EdgeTarget } from './edge_target.js';
import { Engine } from './engine.js';
import { LiveTapeError } from './errors.js';
import { Emitter, type TapeEvents, type TapeWindow } from './events.js';
import type { FromWorker, PictureType, TrackInfo } from './protocol.js';
import { Recording } from './recording.js';
import { RecoveredTape } from './recovered_tape.js';
import { Replay } from './replay.js';
import { VideoTap } from './video_tap.js';

/** How a tape is made. */
export interface TapeOptions {
  /** Seconds of the past to keep; one hour unless told. */
  readonly window?: number;
  /**
   * Most bytes of the window; 2 GiB unless told. Where a browser has no private files the tape is in memory, and no longer than
   * 256 MiB. What a recording has not sent, or an open clip needs, is kept besides: in memory, 288 MiB in all.
   */
  readonly windowBytes?: number;
  /** Where `livetape/worker` is, when a bundler does not keep it beside this module. */
  readonly workerUrl?: string | URL;
}

/** Where a recording goes, and what allows it. */
export interface RecordOptions extends EdgeTarget {
  /** The edge's address, e.g. `https://tape.example.com`. */
  readonly edge: string;
  /** Most bits a second that are sent, on average. What is recorded faster is sent later. No limit unless told. */
  readonly maxBitrate?: number;
}

/** Seconds on the video element's timeline; or a date, which is an ISO 8601 string where it is a string. */
export type ClipMoment = number | Date | string;

/** What to cut: the latest seconds, or a span of one kind of time. */
export type ClipRange = { readonly last: number } | { readonly start: ClipMoment; readonly end: ClipMoment };

/** How a screenshot is written. */
export interface ScreenshotOptions {
  /** JPEG unless told. */
  readonly type?: PictureType;
  /** 0 to 1, of JPEG and WebP; 0.92 unless told. */
  readonly quality?: number;
}

/** A tape: the recent past of a live stream, stored on the viewer's own disk. */
export class LiveTape extends Emitter<TapeEvents> {
  readonly #engine: Engine;
  #tap: VideoTap | undefined;
  #storage: 'opfs' | 'memory' = 'memory';
  #window: TapeWindow = { start: 0, end: 0, bytes: 0, held: 0 };
  #tracks: readonly TrackInfo[] = [];
  #recording: Recording | undefined;
  #replay: Replay | undefined;
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

  /**
   * The tapes that other pages of this origin left behind when they ended, oldest first: those of closed tabs, and of crashed
   * ones. A tape that a live page has is not among them.
   */
  static recover(options: Pick<TapeOptions, 'workerUrl'> = {}): Promise<RecoveredTape[]> {
    return RecoveredTape.list(options.workerUrl);
  }

  /** Where the tape is kept: on disk (the origin private file system), or in memory where the browser has none. */
  get storage(): 'opfs' | 'memory' {
    return this.#storage;
  }

  /** The span of time on the tape. */
  get window(): TapeWindow {
    return this.#window;
  }

  /**
   * Seconds of this stream that the browser's storage still takes besides what is on the tape; undefined where that is not
   * known. When it is full the oldest is given up first (a `notice` with the code `storage_short`), then what comes is not
   * recorded (`storage_full`). What a running recording has not sent and what an open clip needs is never given up.
   */
  get forecast(): number | undefined {
    return this.#window.forecast;
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
    const { edge, maxBitrate, ...target } = options;
    const cap = maxBitrate === undefined ? {} : { cap: Math.ceil(amount('maxBitrate', maxBitrate) / 8) };
    const message = { type: 'record' as const, ...edgeRequest(edge, target), ...cap };
    this.#starting = true;
    persist();
    try {
      const answer = await this.#engine.request(message, 'recording');
      const recording = new Recording(this.#engine, answer, target.metadata ?? {}, {
        tellPlayhead: () => this.#tap?.tellPlayhead(),
        ended: () => (this.#recording = undefined),
      });
      this.#recording = recording;
      return recording;
    } finally {
      this.#starting = false;
    }
  }

  /**
   * Loads now what the first clip, screenshot or replay would load, some 20 kB: so that they work without a network, too.
   * `<live-tape>` does this when somebody comes near it.
   */
  prepare(): void {
    this.#engine.post({ type: 'prepare' });
  }

  /**
   * Cuts an MP4 from the tape, also while a recording runs: no media is re-encoded, next to nothing is copied. It begins with the first picture shown at or
   * after the start, exactly; from `window.start` on it has all there is. Dates are those of the stream where it has some, else
   * those of its arrival. Where the sound changes its configuration inside the
   * range no one MP4 plays right everywhere: rejects with `configuration_change`, whose message names the ranges to cut instead.
   */
  async clip(range: ClipRange): Promise<Clip> {
    this.#ready();
    return new Clip(this.#engine, await this.#engine.request({ type: 'clip', ...span(range) }, 'clip'));
  }

  /**
   * The picture that is shown at `time` (seconds on the video element's timeline; what the viewer sees, unless told), from the
   * recorded samples: never tainted, as large as it is meant to be shown. Rejects with `nothing_recorded`, `no_webcodecs`,
   * `codec_unsupported`, `picture_failed`.
   */
  async screenshot(time?: number, { type = 'image/jpeg', quality = 0.92 }: ScreenshotOptions = {}): Promise<Blob> {
    this.#ready();
    const moment = time === undefined ? {} : { time: amount('time', time) };
    return (await this.#engine.request({ type: 'screenshot', ...moment, mime: type, quality }, 'screenshot')).image;
  }

  /**
   * Plays the tape from `time` on (seconds on its timeline) in a video element of its own: not the one that is tapped, which goes on.
   * Resolves when the picture is there.
   */
  async replay(video: HTMLVideoElement, time: number): Promise<Replay> {
    this.#ready();
    const moment = amount('time', time);
    this.#replay?.close();
    const replay = new Replay(this.#engine, video);
    this.#replay = replay;
    try {
      await replay.seek(moment);
      return replay;
    } catch (error) {
      replay.close();
      throw error;
    }
  }

  /** Lets go of the video and of the tape. Stop a recording first: it is not finished by this. */
  close(): void {
    this.#replay?.close();
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
        const { start, end, bytes, held, forecast } = message;
        this.#window = { start, end, bytes, held, ...(forecast === undefined ? {} : { forecast }) };
        this.emit('window', this.#window);
        this.#replay?.grown();
        break;
      }
      case 'tracks':
        this.#tracks = message.tracks;
        this.emit('tracks', this.#tracks);
        this.#open.resolve();
        break;
      case 'progress': {
        const { request, elapsed, bytes, uploaded, objects } = message;
        if (request === this.#recording?.number) this.#recording.advance({ elapsed, bytes, uploaded, objects });
        break;
      }
      case 'upload':
        if (message.request !== this.#recording?.number) break;
        this.#recording.turn(message.why === undefined ? { state: message.state } : { state: message.state, why: message.why });
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
    if (error.code === 'cancelled') return;
    recording?.emit('error', error);
    this.emit('error', error);
  }
}

/** Asks the browser not to clear the tape away when the disk is full. Some ask the user: so it is done when one presses Record. */
function persist(): void {
  const asked = navigator.storage?.persist?.() as Promise<boolean> | undefined;
  asked?.catch(() => undefined);
}

function windowOf(options: TapeOptions): { seconds: number; bytes: number } {
  return {
    seconds: amount('window', options.window ?? 3600),
    bytes: amount('windowBytes', options.windowBytes ?? 2 ** 31),
  };
}

function amount(name: string, value: number): number {
  if (!(value >= 0 && value < Infinity)) throw new LiveTapeError('bad_option', `${name} must be a number that is not negative (got ${value})`);
  return value;
}

/** A range as the worker takes it. */
function span(range: ClipRange): { last: number } | { start: number; end: number } | { startDate: number; endDate: number } {
  if ('last' in range) return { last: amount('last', range.last) };
  const { start, end } = range;
  if (typeof start === 'number' && typeof end === 'number') return { start: amount('start', start), end: amount('end', end) };
  return { startDate: unixMillis('start', start), endDate: unixMillis('end', end) };
}

function unixMillis(name: string, moment: ClipMoment): number {
  const isDate = moment instanceof Date || (typeof moment === 'string' && /^\d{4}-\d\d-\d\d/.test(moment));
  const millis = isDate ? new Date(moment).getTime() : NaN;
  if (Number.isNaN(millis)) {
    throw new LiveTapeError('bad_option', `start and end must both be seconds, or both dates (${name} is ${moment})`);
  }
  return millis;
}
