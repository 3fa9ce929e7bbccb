/**
 * Messages between the page (this package) and its dedicated worker (`crates/web`): plain objects.
 *
 * Times are seconds on the video element's timeline. `bytes` are ArrayBuffers that change hands with the message.
 */

/** What a track is, as far as the stream has told. */
export interface TrackInfo {
  readonly kind: 'video' | 'audio' | 'text' | 'data';
  /** RFC 6381 string, e.g. `avc1.64001e`. */
  readonly codec: string;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
  /** Hz. */
  readonly sampleRate?: number;
  readonly channels?: number;
}

/** Where a recording can be played; absolute URLs. They work while it grows and after. */
export interface PlaybackUrls {
  /** A page with a player. */
  readonly page: string;
  /** HLS playlist. */
  readonly hls: string;
  /** MP4 with the index first and byte ranges. */
  readonly mp4: string;
}

/** A recording as the edge describes it: the answer of `GET /v1/recordings/{id}` or of finishing it. */
export interface EdgeRecording {
  readonly id?: string;
  readonly state: 'recording' | 'finished';
  readonly duration?: number;
  readonly bytes?: number;
  readonly objects?: number;
}

/**
 * What a recording's way to its edge is doing: the edge is being asked for the recording; what is recorded is being sent; the edge could
 * not be reached and is tried again soon, nothing is lost; it was stopped and the last of it is being sent.
 */
export type UploadState = 'creating' | 'sending' | 'waiting' | 'finishing';

/** A tape that a page left behind. Times are seconds on the timeline of the video that was taped, dates Unix milliseconds. */
export interface LeftTape {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly startDate?: number;
  readonly endDate?: number;
  readonly bytes: number;
  readonly tracks: TrackInfo[];
  readonly damage: string[];
  readonly recording?: { readonly edge: string; readonly id: string };
}

/** An edge, and a recording there with its ingest token, or the body (JSON) of the request that creates one. */
export type EdgeFields = { readonly edge: string } & ({ readonly recording: string; readonly token: string } | { readonly create: string });

/** Page to worker. */
export type ToWorker =
  | { type: 'open'; window: { seconds: number; bytes: number }; mode: 'tap' | 'pull'; url?: string }
  | { type: 'open'; mode: 'left'; name: string }
  | { type: 'recover'; request: number }
  | { type: 'resume'; request: number }
  | { type: 'discard'; request: number }
  | { type: 'source'; source: number; mime: string }
  | { type: 'append'; source: number; bytes: ArrayBuffer; length: number; timestampOffset: number }
  | { type: 'abort'; source: number }
  | { type: 'changeType'; source: number; mime: string }
  | { type: 'set'; source: number; property: 'mode' | 'timestampOffset' | 'appendWindowStart' | 'appendWindowEnd'; value: string | number }
  | { type: 'joined'; source: number }
  | { type: 'playhead'; time: number }
  | ({ type: 'record'; request: number; cap?: number } & EdgeFields)
  | { type: 'pause' | 'unpause' | 'mark' | 'stop'; request: number }
  /** `startDate` and `endDate` are Unix milliseconds. */
  | { type: 'clip'; request: number; last?: number; start?: number; end?: number; startDate?: number; endDate?: number }
  | ({ type: 'upload'; request: number; clip: number } & EdgeFields)
  /** Of a `record` or an `upload`. */
  | { type: 'cancel'; request: number }
  | { type: 'screenshot'; request: number; time?: number; mime: PictureType; quality: number }
  /** The fragment of a moment, or the one after another by what came with that. */
  | { type: 'past'; request: number; time?: number; next?: Float64Array }
  | { type: 'closeClip'; clip: number }
  /** Something will be taken out soon. */
  | { type: 'prepare' }
  | { type: 'online' }
  | { type: 'close' };

/** Worker to page. */
export type FromWorker =
  | { type: 'recycle'; bytes: ArrayBuffer }
  | { type: 'opened'; storage: 'opfs' | 'memory' }
  | { type: 'recovered'; request: number; tapes: LeftTape[] }
  | { type: 'discarded'; request: number }
  | { type: 'repaired'; damage: string[] }
  | { type: 'window'; start: number; end: number; bytes: number; held: number; forecast?: number }
  | { type: 'tracks'; tracks: TrackInfo[] }
  | { type: 'recording'; request: number; id: string; playback: PlaybackUrls }
  | { type: 'progress'; request: number; elapsed: number; bytes: number; uploaded: number; objects: number }
  | { type: 'upload'; request: number; state: UploadState; why?: string }
  | { type: 'moment'; request: number; at: number; time: number }
  | { type: 'stopped'; request: number; duration: number; preRoll: number; bytes: number; playback: PlaybackUrls; result: EdgeRecording }
  | ClipMessage
  | { type: 'screenshot'; request: number; image: Blob }
  | PastMessage
  | { type: 'event'; code: string; message: string; at?: number }
  | { type: 'failed'; request?: number; code: string; message: string };

/** What the module tells: the worker keeps to itself what a picture is decoded from. */
export type FromEngine = FromWorker | StillMessage;

/** Image formats of screenshots. */
export type PictureType = 'image/jpeg' | 'image/png' | 'image/webp';

/** A picture to be decoded: samples from a keyframe on, in decode order. Times in seconds. */
export interface StillMessage {
  type: 'still';
  request: number;
  codec: string;
  /** The sample entry as it was recorded. */
  entry: Uint8Array<ArrayBuffer>;
  sizes: Uint32Array;
  keyframes: Uint8Array;
  times: Float64Array;
  bytes: Uint8Array<ArrayBuffer>;
  /** When the wanted picture is shown. */
  time: number;
  /** Degrees by which it is turned clockwise to be shown. */
  rotation: number;
}

/** The worker's answer to `past`: a fragment to be played, or nothing where there is none yet. */
export type PastMessage = { type: 'past'; request: number; fragment?: PastFragment };

/** A fragment of the past. Times in seconds. */
export interface PastFragment {
  /** A name of `init`: the same for the same bytes. */
  config: string;
  mime: string;
  init: Uint8Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
  start: number;
  end: number;
  /** By how much all times in the bytes are later. */
  later: number;
  /** Asks for the one after it. */
  next: Float64Array;
}

/** The worker's answer to `clip`. */
export interface ClipMessage {
  type: 'clip';
  request: number;
  clip: number;
  blob: Blob;
  start: number;
  duration: number;
  tracks: TrackInfo[];
  headerBytes: number;
  copiedBytes: number;
}
