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

/** Page to worker. */
export type ToWorker =
  | { type: 'open'; window: { seconds: number; bytes: number }; mode: 'tap' | 'pull'; url?: string }
  | { type: 'source'; source: number; mime: string }
  | { type: 'append'; source: number; bytes: ArrayBuffer; length: number; timestampOffset: number }
  | { type: 'abort'; source: number }
  | { type: 'changeType'; source: number; mime: string }
  | { type: 'playhead'; time: number }
  | { type: 'record'; request: number; edge: string; token?: string; template?: string; cap?: number }
  | { type: 'stop'; request: number }
  | { type: 'clip'; request: number; last?: number; start?: number; end?: number }
  | { type: 'closeClip'; clip: number }
  | { type: 'online' }
  | { type: 'close' };

/** Worker to page. */
export type FromWorker =
  | { type: 'recycle'; bytes: ArrayBuffer }
  | { type: 'opened'; storage: 'opfs' | 'memory' }
  | { type: 'window'; start: number; end: number; bytes: number }
  | { type: 'tracks'; tracks: TrackInfo[] }
  | { type: 'recording'; request: number; id: string; playback: PlaybackUrls }
  | { type: 'progress'; elapsed: number; bytes: number; uploaded: number; objects: number }
  | { type: 'upload'; state: UploadState; why?: string }
  | { type: 'stopped'; request: number; duration: number; bytes: number; playback: PlaybackUrls; result: EdgeRecording }
  | ClipMessage
  | { type: 'event'; code: string; message: string; at?: number }
  | { type: 'failed'; request?: number; code: string; message: string };

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
  /** None where it is absent. */
  copiedBytes?: number;
}
