import type { Engine } from './engine.js';
import { LiveTapeError } from './errors.js';
import { Emitter, type RecordingEvents, type RecordingProgress, type RecordingState } from './events.js';
import type { EdgeRecording, PlaybackUrls } from './protocol.js';

/** A moment of a recording. */
export interface Moment {
  /** Seconds from the recording's first picture. */
  readonly at: number;
  /** Seconds on the video element's timeline, for `tape.clip()`. */
  readonly time: number;
}

/** A moment with a name. */
export interface Marker extends Moment {
  readonly label: string;
}

/** What lies between two markers, or before the first (its label is empty). */
export interface Chapter {
  readonly label: string;
  /** Seconds from the recording's first picture. */
  readonly start: number;
  readonly end: number;
  /** An MP4 of exactly this, made by the edge of what it has stored. */
  readonly mp4: string;
}

/** A finished recording. */
export interface RecordingResult {
  readonly id: string;
  /** Seconds. */
  readonly duration: number;
  /** Bytes recorded. */
  readonly bytes: number;
  readonly playback: PlaybackUrls;
  /** What was marked, in order. */
  readonly markers: readonly Marker[];
  /** The recording split at its markers; none where nothing was marked. */
  readonly chapters: readonly Chapter[];
  /** What was given to `record()` as `metadata`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the edge said when it was finished. */
  readonly result: EdgeRecording;
}

/** What a recording tells its tape. */
interface OfTape {
  /** The worker needs to know what the viewer sees now. */
  tellPlayhead(): void;
  /** It is over. */
  ended(): void;
}

/** A recording that is being sent to the edge while it grows. */
export class Recording extends Emitter<RecordingEvents> {
  /** The edge's id of it. */
  readonly id: string;
  /** Where it can be watched: now, while it grows, and after. */
  readonly playback: PlaybackUrls;
  readonly #engine: Engine;
  /** @internal The worker's number of it. */
  readonly number: number;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #tape: OfTape;
  readonly #markers: Marker[] = [];
  #state: 'recording' | 'paused' | 'stopping' | 'stopped' = 'recording';
  #progress: RecordingProgress = { elapsed: 0, bytes: 0, uploaded: 0, objects: 0 };
  #upload: RecordingState = { state: 'sending' };

  /** @internal */
  constructor(engine: Engine, answer: { request: number; id: string; playback: PlaybackUrls }, metadata: Readonly<Record<string, string>>, tape: OfTape) {
    super();
    this.#engine = engine;
    this.number = answer.request;
    this.id = answer.id;
    this.playback = answer.playback;
    this.#metadata = metadata;
    this.#tape = tape;
  }

  /** The latest progress. */
  get progress(): RecordingProgress {
    return this.#progress;
  }

  /** What it does now. */
  get state(): 'recording' | 'paused' | 'stopping' | 'stopped' {
    return this.#state;
  }

  /** What was marked so far. */
  get markers(): readonly Marker[] {
    return this.#markers;
  }

  /** What the way to the edge is doing. */
  get upload(): RecordingState {
    return this.#upload;
  }

  /** @internal */
  turn(state: RecordingState): void {
    this.#upload = state;
    this.emit('state', state);
  }

  /** @internal */
  advance(progress: RecordingProgress): void {
    this.#progress = progress;
    this.emit('progress', progress);
  }

  /** @internal Nothing more comes of it. */
  end(): void {
    this.#state = 'stopped';
    this.#tape.ended();
  }

  /**
   * Leaves out what arrives from now on, until `resume()`. The recording has no hole there: what follows the pause is shown
   * right after what was before it, and its dates tell how long the pause was. Resolves with where in the recording that is.
   */
  async pause(): Promise<Moment> {
    this.#mustRun();
    this.#state = 'paused';
    return this.#moment('pause');
  }

  /** Goes on with what arrives from now on. */
  async resume(): Promise<Moment> {
    this.#mustRun();
    this.#state = 'recording';
    return this.#moment('unpause');
  }

  /** Marks what the viewer sees now. The markers split the result into `chapters`. */
  async mark(label = ''): Promise<Marker> {
    this.#mustRun();
    this.#tape.tellPlayhead();
    const marker = { label, ...(await this.#moment('mark')) };
    this.#markers.push(marker);
    return marker;
  }

  /**
   * Ends the recording with the last frame that has arrived. Resolves when the edge has all of it and plays it whole.
   * Rejects when the edge refuses that: the recording is over then too, with what the edge had taken.
   */
  async stop(): Promise<RecordingResult> {
    this.#mustRun();
    this.#state = 'stopping';
    try {
      const { duration, bytes, playback, result } = await this.#engine.request({ type: 'stop' }, 'stopped');
      const markers = this.#markers.map((marker) => ({ ...marker, at: Math.min(marker.at, duration) }));
      const chapters = split(markers, duration, playback.mp4);
      return { id: this.id, duration, bytes, playback, markers, chapters, metadata: this.#metadata, result };
    } finally {
      this.end();
    }
  }

  /** Gives it up: what the edge has got stays there, unfinished. A `stop()` that waits rejects with `cancelled`. */
  cancel(): void {
    this.#engine.post({ type: 'cancel', request: this.number });
  }

  #mustRun(): void {
    if (this.#state !== 'recording' && this.#state !== 'paused') throw new LiveTapeError('not_recording');
  }

  async #moment(type: 'pause' | 'unpause' | 'mark'): Promise<Moment> {
    const { at, time } = await this.#engine.request({ type }, 'moment');
    return { at, time };
  }
}

/** What lies between markers; nothing shorter than a millisecond. */
function split(markers: readonly Marker[], duration: number, mp4: string): Chapter[] {
  if (markers.length === 0) return [];
  const starts = [{ label: '', at: 0 }, ...markers].sort((a, b) => a.at - b.at);
  const chapters = starts.map(({ label, at }, index) => {
    const end = starts[index + 1]?.at ?? duration;
    return { label, start: at, end, mp4: `${mp4}?start=${at.toFixed(6)}&end=${end.toFixed(6)}` };
  });
  return chapters.filter(({ start, end }) => end - start >= 0.001);
}
