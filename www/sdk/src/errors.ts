/** The one table of error codes of this package: each code, and the sentence that is said when nothing more is known. */
export const errorTable = {
  tap_too_late:
    'the player was set up before livetape could watch it: load livetape/tap before the player, ' +
    'e.g. <script src="…/livetape/tap.js"></script> as the first script of the page',
  tap_no_media_source:
    'this video plays a URL by itself, not through Media Source Extensions, so there is nothing to tap: use LiveTape.pull(url)',
  tap_in_worker: 'this player feeds its video from a worker, where livetape cannot watch: use LiveTape.pull(url)',
  bad_option: 'an option has a wrong value',
  closed: 'this tape was closed',
  already_recording: 'this tape is being recorded already',
  not_recording: 'this recording has stopped already',
  cancelled: 'it was cancelled',
  clip_closed: 'this clip was closed',
  not_secure: 'recording to a server needs a page from https or from localhost: elsewhere the browser has no checksums',
  no_webcodecs: 'this browser has no WebCodecs, which screenshots need',
  codec_unsupported: 'this browser cannot decode the stream by WebCodecs',
  picture_failed: 'the picture could not be decoded',
  replay_failed: 'the browser cannot play this part of the tape',
  bad_access: 'recording needs a public template id or an ingest token',
  nothing_recorded: 'nothing of that time is on the tape',
  configuration_change: 'the stream changes its codec configuration there: one MP4 cannot hold both sides',
  protected: 'this stream is protected (DRM) and cannot be recorded',
  tape_gone: 'this tape has been discarded, or another page has it open',
  storage_failed: "the browser's storage failed",
  playlist_unreachable: 'the stream cannot be reached',
  playlist_invalid: 'the address is not that of an HLS playlist that can be recorded',
  edge_unreachable: 'the recording server cannot be reached',
  edge_refused: 'the recording server refused',
  worker_failed: 'the recorder could not be started',
} as const satisfies Record<string, string>;

/** A code of {@link errorTable}. The worker and the edge have further ones; all are stable. */
export type ErrorCode = keyof typeof errorTable;

/** Every error of this package. Decide by `code`, show `message`. */
export class LiveTapeError extends Error {
  override readonly name = 'LiveTapeError';
  /** What went wrong: stable, lower case with underscores. Those this package itself gives are {@link ErrorCode}. */
  readonly code: ErrorCode | (string & {});

  /** `message` defaults to the table's sentence for `code`. */
  constructor(code: ErrorCode | (string & {}), message?: string, options?: ErrorOptions) {
    super(message || (errorTable as Record<string, string>)[code] || code, options);
    this.code = code;
  }
}
