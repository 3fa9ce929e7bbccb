import type { Engine } from './engine.js';
import { LiveTapeError } from './errors.js';
import { Emitter, type RecordingEvents, type RecordingProgress, type RecordingState } from './events.js';
import type { EdgeRecording, PlaybackUrls } from './protocol.js';

/** A finished recording. */
export interface RecordingResult {
  readonly id: string;
  /** Seconds. */
  readonly duration: number;
  /** Bytes recorded. */
  readonly bytes: number;
  readonly playback: PlaybackUrls;
  /** What the edge said when it was finished. */
  readonly result: EdgeRecording;
}

/** A recording that is being sent to the edge while it grows. */
export class Recording extends Emitter<RecordingEvents> {
  /** The edge's id of it. */
  readonly id: string;
  /** Where it can be watched: now, while it grows, and after. */
  readonly playback: PlaybackUrls;
  readonly #engine: Engine;
  readonly #ended: () => void;
  #state: 'recording' | 'stopping' | 'stopped' = 'recording';
  #progress: RecordingProgress = { elapsed: 0, bytes: 0, uploaded: 0, objects: 0 };
  #upload: RecordingState = { state: 'sending' };

  /** @internal */
  constructor(engine: Engine, id: string, playback: PlaybackUrls, ended: () => void) {
    super();
    this.#engine = engine;
    this.id = id;
    this.playback = playback;
    this.#ended = ended;
  }

  /** The latest progress. */
  get progress(): RecordingProgress {
    return this.#progress;
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
    this.#ended();
  }

  /**
   * Ends the recording with the last frame that has arrived. Resolves when the edge has all of it and plays it whole.
   * Rejects when the edge refuses that: the recording is over then too, with what the edge had taken.
   */
  async stop(): Promise<RecordingResult> {
    if (this.#state !== 'recording') throw new LiveTapeError('not_recording');
    this.#state = 'stopping';
    try {
      const stopped = await this.#engine.request({ type: 'stop' });
      if (stopped.type !== 'stopped') throw new LiveTapeError('worker_failed', `the worker answered "stop" with "${stopped.type}"`);
      const { duration, bytes, playback, result } = stopped;
      return { id: this.id, duration, bytes, playback, result };
    } finally {
      this.end();
    }
  }
}
