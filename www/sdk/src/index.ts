/**
 * livetape: record and clip what a page's player plays, bit-exact.
 *
 * Load `livetape/tap` before the player, then:
 * ```js
 * import { LiveTape } from 'livetape';
 * const tape = await LiveTape.tap(video, { window: 3600 });
 * const clip = await tape.clip({ last: 30 });
 * const recording = await tape.record({ edge: 'https://tape.example.com', template: 'pub_demo' });
 * const { playback } = await recording.stop();
 * ```
 */
import './tap.js';

export { Clip, type UploadedClip, type UploadOptions } from './clip.js';
export type { EdgeTarget } from './edge_target.js';
export { LiveTapeError, errorTable, type ErrorCode } from './errors.js';
export type { Emitter, Notice, RecordingEvents, RecordingProgress, RecordingState, TapeEvents, TapeWindow } from './events.js';
export { LiveTape, type ClipRange, type ClipMoment, type RecordOptions, type ScreenshotOptions, type TapeOptions } from './live_tape.js';
export type { EdgeRecording, PictureType, PlaybackUrls, TrackInfo, UploadState } from './protocol.js';
export { RecoveredTape } from './recovered_tape.js';
export { Recording, type Chapter, type Marker, type Moment, type RecordingResult } from './recording.js';
export { Replay, type ReplayEvents } from './replay.js';
