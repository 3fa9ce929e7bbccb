import type { LiveTapeError } from './errors.js';
import type { TrackInfo, UploadState } from './protocol.js';

/** The span of time on a tape. */
export interface TapeWindow {
  /** Seconds on the video element's timeline. */
  readonly start: number;
  readonly end: number;
  /** Bytes stored, `held` among them. */
  readonly bytes: number;
  /** Bytes that the window has left and that clips keep until they are closed. */
  readonly held: number;
  /** Seconds of such a stream that the browser's storage still takes besides, where that is known. */
  readonly forecast?: number;
}

/** How far a recording is. */
export interface RecordingProgress {
  /** Seconds of media recorded. */
  readonly elapsed: number;
  /** Bytes recorded. */
  readonly bytes: number;
  /** Bytes that the edge has acknowledged. */
  readonly uploaded: number;
  /** Objects that the edge has acknowledged. */
  readonly objects: number;
}

/** What the way to the edge is doing. */
export interface RecordingState {
  readonly state: UploadState;
  /** Why it is `waiting`, in words. */
  readonly why?: string;
}

/** Something in the stream worth telling: a defect, a gap, a change. Recording goes on. */
export interface Notice {
  /** Stable, lower case with underscores. */
  readonly code: string;
  readonly message: string;
  /** Seconds on the video element's timeline, where it has a time. */
  readonly at?: number;
}

/** Events of a tape, and what each carries in `detail`. */
export interface TapeEvents {
  /** The tape has grown or slid. */
  window: TapeWindow;
  /** The tracks are known, or have changed. */
  tracks: readonly TrackInfo[];
  notice: Notice;
  /** Something failed that no pending call is waiting for. */
  error: LiveTapeError;
}

/** Events of a recording, and what each carries in `detail`. */
export interface RecordingEvents {
  progress: RecordingProgress;
  /** The way to the edge is in another state. While it is `waiting` the recording goes on; what is recorded is sent later. */
  state: RecordingState;
  /** The recording cannot go on. */
  error: LiveTapeError;
}

/** An `EventTarget` whose events are `CustomEvent`s with a known `detail`. */
export class Emitter<Events extends object> {
  readonly #target = new EventTarget();

  /** As `EventTarget.addEventListener`. */
  addEventListener<Name extends keyof Events & string>(
    name: Name,
    listener: (event: CustomEvent<Events[Name]>) => void,
    options?: AddEventListenerOptions,
  ): void {
    this.#target.addEventListener(name, listener as EventListener, options);
  }

  /** As `EventTarget.removeEventListener`. */
  removeEventListener<Name extends keyof Events & string>(name: Name, listener: (event: CustomEvent<Events[Name]>) => void): void {
    this.#target.removeEventListener(name, listener as EventListener);
  }

  /** @internal */
  emit<Name extends keyof Events & string>(name: Name, detail: Events[Name]): void {
    this.#target.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
