// The files that `livetape remux` is asked for here, each of a stream with something in it that other tools get wrong.
import { samplePath } from '../media/sample.ts';
import { remux, type Remuxed } from './remux.ts';
import { beheaded, brokenPlaylist, changingPlaylist, hevcStream, transportStream, type Half } from './sources.ts';

/** Sound of one configuration, then of another; so the pictures. */
export const halves: readonly [Half, Half] = [
  { height: 180, rate: 44_100, channels: 1, tone: 440 },
  { height: 360, rate: 48_000, channels: 2, tone: 1000 },
];

/** What is made, by name. Pictures are 40 ms each and begin with the sample's frame 0 where nothing else is said. */
export interface Outputs {
  /** All 400 frames, from MPEG-TS. */
  readonly stream: Remuxed;
  /** The same from MPEG-TS whose clock wraps after frame 217 or so. */
  readonly wrapped: Remuxed;
  /** From the middle of a packet on: frames 150 to 399. */
  readonly beheaded: Remuxed;
  /** All 400 frames, from fragmented MP4. */
  readonly fragments: Remuxed;
  /** All 400 frames, as fragmented MP4. */
  readonly fragmented: Remuxed;
  /** Frames 0 to 99 as H.265, 320x180. */
  readonly hevc: Remuxed;
  /** Pictures and sound as {@link halves} says: frames 0 to 49, then from 100 on. */
  readonly changed: Remuxed;
  /** The pictures' size as {@link halves} says, with one sound: frames 0 to 49, then 100 to 149. */
  readonly resized: Remuxed;
  /** Without frames 50 to 99 (a gap) and 150 to 199 (a segment that is not there). */
  readonly broken: Remuxed;
  /** From the middle of a GOP to the middle of another: 1.04 s to 4.96 s, frames 26 to 123. */
  readonly clip: Remuxed;
}

/** Makes them all, in `folder`. */
export async function makeOutputs(folder: string): Promise<Outputs> {
  const [small, large] = halves;
  const [stream, wrapping, hevc, changing, resizing, breaking] = await Promise.all([
    transportStream(folder),
    // 2^33 ticks of 90 kHz are 95,443.7 s.
    transportStream(folder, 95_433.6),
    hevcStream(folder),
    changingPlaylist(folder, 'change', small, large),
    changingPlaylist(folder, 'size', { ...large, height: 180 }, large),
    brokenPlaylist(folder),
  ]);
  return {
    stream: await remux(folder, 'stream', [stream]),
    wrapped: await remux(folder, 'wrapped', [wrapping]),
    // In the third GOP, and not where a packet of 188 bytes begins.
    beheaded: await remux(folder, 'beheaded', [await beheaded(folder, stream, 600_001)]),
    fragments: await remux(folder, 'fragments', [samplePath]),
    fragmented: await remux(folder, 'fragmented', [samplePath], '--fragmented'),
    hevc: await remux(folder, 'hevc', [hevc]),
    changed: await remux(folder, 'changed', [changing]),
    resized: await remux(folder, 'resized', [resizing]),
    broken: await remux(folder, 'broken', [breaking]),
    clip: await remux(folder, 'clip', [stream], '--start', '1.04', '--end', '4.96'),
  };
}

/** The path of the one file, or of the file of that number (from 0), that was written. */
export function pathOf({ files }: Remuxed, number = 0): string {
  const file = files[number];
  if (!file) throw new Error(`there is no file ${number + 1}, only ${files.length}`);
  return file.path;
}
