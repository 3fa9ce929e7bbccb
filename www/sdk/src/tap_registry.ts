/**
 * What the tap script and the SDK know of each other.
 *
 * They are loaded apart (the tap early, the SDK whenever the page likes, perhaps from another bundle), so they meet at
 * `globalThis[Symbol.for('livetape.tap')]`. This file is types only: the tap must stay under its size.
 */

/**
 * What a page did to a `SourceBuffer`: called the method, or set the property, of that name. `joined` is the tap's own: what
 * the page did before the next call is known only as far as it was told.
 */
export type TapCall =
  | 'appendBuffer'
  | 'abort'
  | 'changeType'
  | 'mode'
  | 'timestampOffset'
  | 'appendWindowStart'
  | 'appendWindowEnd'
  | 'joined';

/** Where the bytes of one `MediaSource` go. Called synchronously from the page's own calls; must not throw. */
export interface TapSink {
  /** A `SourceBuffer` was added. `source` is its number, unique in the page; `mime` as the player gave it. */
  source(source: number, mime: string): void;
  /**
   * `value` is the method's argument or the property's new value. What was appended belongs to the player: copy what is
   * needed before returning. `timestampOffset` in seconds, as it is after the call.
   */
  call(source: number, name: TapCall, value: unknown, timestampOffset: number): void;
}

/** The tap's door. */
export interface Tap {
  /** The `MediaSource` that `video` plays, when it was made after the tap was loaded. */
  find(video: HTMLVideoElement): MediaSource | undefined;
  /**
   * Gives `sink` what is remembered of every `SourceBuffer` of `mediaSource` (init segment, then the latest appends), and
   * from then on all that happens, until the function given back is called. Undefined, and nothing attached, when a
   * `SourceBuffer` was made before the tap was loaded.
   */
  attach(mediaSource: MediaSource, sink: TapSink): (() => void) | undefined;
}
