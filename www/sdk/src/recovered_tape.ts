import { Clip } from './clip.js';
import { Engine } from './engine.js';
import { LiveTapeError } from './errors.js';
import { Emitter, type RecordingEvents } from './events.js';
import type { FromWorker, LeftTape, TrackInfo } from './protocol.js';
import type { RecordingResult } from './recording.js';

/**
 * A tape that a page left behind: its tab was closed or crashed, or the browser was ended. It has all that was recorded up to
 * the last commit, at most 2 s before the end.
 *
 * The newest four of an origin's left tapes are kept, for seven days from when they were begun; the oldest of them is the first to
 * go when the browser's storage is full. `progress` and `state` events tell how far `resume()` is.
 */
export class RecoveredTape extends Emitter<RecordingEvents> {
  /** Seconds on the timeline of the video element that was taped. */
  readonly start: number;
  readonly end: number;
  /** When that was, where it is known. */
  readonly startDate: Date | undefined;
  readonly endDate: Date | undefined;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly tracks: readonly TrackInfo[];
  /** The recording that was running: `resume()` finishes it. */
  readonly recording: { readonly edge: string; readonly id: string } | undefined;
  #damage: readonly string[];
  readonly #name: string;
  readonly #workerUrl: string | URL | undefined;
  #opened: Promise<Engine> | undefined;

  /** @internal */
  constructor(left: LeftTape, workerUrl: string | URL | undefined) {
    super();
    const date = (millis: number | undefined): Date | undefined => (millis === undefined ? undefined : new Date(millis));
    this.start = left.start;
    this.end = left.end;
    this.startDate = date(left.startDate);
    this.endDate = date(left.endDate);
    this.bytes = left.bytes;
    this.tracks = left.tracks;
    this.recording = left.recording;
    this.#damage = left.damage;
    this.#name = left.name;
    this.#workerUrl = workerUrl;
  }

  /** @internal Those that no live page holds, oldest first. */
  static async list(workerUrl: string | URL | undefined): Promise<RecoveredTape[]> {
    const engine = new Engine(workerUrl, () => undefined);
    try {
      const { tapes } = await engine.request({ type: 'recover' }, 'recovered');
      return tapes.map((left) => new RecoveredTape(left, workerUrl));
    } finally {
      engine.close();
    }
  }

  /**
   * What was repaired, as codes: `journal_cut` (what was being written when the page ended is left out), `reel_short` (a file is
   * shorter than it was), `journal_unreadable` (of one file nothing is known). Every byte is checked when the tape is first used:
   * after that also `reel_changed` (the disk gave other bytes than were written; the frames that have them are left out).
   */
  get damage(): readonly string[] {
    return this.#damage;
  }

  /** Seconds. */
  get duration(): number {
    return this.end - this.start;
  }

  /** Cuts an MP4 as {@link LiveTape.clip} does; of all there is unless told. Rejects with `tape_gone` when another page has the tape. */
  async clip(range: { readonly start: number; readonly end: number } = this): Promise<Clip> {
    const engine = await this.#engine();
    return new Clip(engine, await engine.request({ type: 'clip', start: range.start, end: range.end }, 'clip'));
  }

  /** All there is as one MP4. Its bytes stay where they were recorded: readable until `close()`. */
  async blob(): Promise<Blob> {
    return (await this.clip()).blob;
  }

  /**
   * Sends the edge what it has not got of the recording that was running, up to the end of the tape, and finishes it. Rejects
   * with `not_recording` when none was running, and `edge_refused` when the edge takes no more of it.
   */
  async resume(): Promise<RecordingResult> {
    const { duration, bytes, playback, result } = await (await this.#engine()).request({ type: 'resume' }, 'stopped');
    return { id: this.recording?.id ?? '', duration, bytes, playback, markers: [], chapters: [], metadata: {}, result };
  }

  /** Removes the tape from the disk. */
  async discard(): Promise<void> {
    const engine = await this.#engine();
    await engine.request({ type: 'discard' }, 'discarded');
    this.close();
  }

  /** Lets go of the tape, which stays on disk. */
  close(): void {
    void this.#opened?.then(
      (engine) => engine.close(),
      () => undefined,
    );
    this.#opened = undefined;
  }

  /** The worker that has the tape open. */
  #engine(): Promise<Engine> {
    return (this.#opened ??= this.#open());
  }

  async #open(): Promise<Engine> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const engine = new Engine(this.#workerUrl, (message) => {
      if (message.type === 'opened') resolve();
      else if (message.type === 'failed') reject(this.#failed(new LiveTapeError(message.code, message.message)));
      else this.#told(message);
    });
    engine.post({ type: 'open', mode: 'left', name: this.#name });
    try {
      await promise;
      return engine;
    } catch (error) {
      engine.close();
      this.#opened = undefined;
      throw error;
    }
  }

  #failed(error: LiveTapeError): LiveTapeError {
    this.emit('error', error);
    return error;
  }

  #told(message: FromWorker): void {
    if (message.type === 'repaired') {
      this.#damage = message.damage;
    } else if (message.type === 'progress') {
      const { elapsed, bytes, uploaded, objects } = message;
      this.emit('progress', { elapsed, bytes, uploaded, objects });
    } else if (message.type === 'upload') {
      const { state, why } = message;
      this.emit('state', { state, ...(why === undefined ? {} : { why }) });
    }
  }
}
